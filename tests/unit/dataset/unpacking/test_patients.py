import hashlib
import hmac
import stat

import pytest

from tumorscope.dataset.unpacking.patients import encode_patient, keep_salt
from tumorscope.errors import InputError


class TestKeepSalt:
    def test_is_made_once_for_its_owner_alone(self, tmp_path):
        salt = keep_salt(tmp_path / "salt")
        assert stat.S_IMODE((tmp_path / "salt").stat().st_mode) == 0o600
        assert keep_salt(tmp_path / "salt") == salt
        assert keep_salt(tmp_path / "other") != salt
        assert len(salt) == 32

    @pytest.mark.parametrize("content", ["", "not hexadecimal", "abcd"])
    def test_another_file_is_refused_and_kept(self, tmp_path, content):
        path = tmp_path / "salt"
        path.write_text(content)
        with pytest.raises(InputError, match="not the salt that a run keeps"):
            keep_salt(path)
        assert path.read_text() == content


def test_code_is_a_shortened_hmac():
    expected = hmac.new(b"salt", b"M\xc3\xbcller-1", hashlib.sha256).hexdigest()[:16]
    assert encode_patient("Müller-1", b"salt") == expected
