import pytest

from tumorscope.errors import InputError
from tumorscope.workflows.phantom import phantom


def test_writes_both_classes_and_reports_progress(tmp_path):
    seen = []
    table = phantom(str(tmp_path / "slices"), 4, 1, lambda *report: seen.append(report))
    assert len(table) == 4
    assert len(list((tmp_path / "slices" / "yes").iterdir())) == 2
    assert seen[-1] == ("drawing phantoms", 4, 4)


def test_folder_with_files_is_refused(tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(InputError, match=tmp_path.name):
        phantom(tmp_path, 4)
