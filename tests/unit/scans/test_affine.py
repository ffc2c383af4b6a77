import numpy as np
import pytest
from nibabel import Nifti1Image
from nibabel.nifti1 import Nifti1Header

from scan_files import make_nifti, patch
from tumorscope.errors import InputError
from tumorscope.scans.affine import find_affine, find_axes

# The first axis runs to the back, the second upward, the third to the left.
TURNED = np.array([[0, 0, -2, 39], [-1, 0, 0, 49], [0, 3, 0, 0], [0, 0, 0, 1.0]])


def make_header(sform: float | None = None, qform_code: int = 1) -> Nifti1Header:
    """Make the header of a file with a qform, and with an sform of one value if that is given."""
    image = Nifti1Image(np.zeros((4, 5, 6), np.float32), TURNED)
    image.set_qform(TURNED, code=qform_code)
    data = image.to_bytes()
    if sform is not None:
        data = patch(data, 280, "<12f", *[sform] * 12)  # its code stays
    return Nifti1Header(data[:348], check=False)


@pytest.mark.parametrize("sform", [None, 0, 7, np.nan, np.inf])
def test_the_qform_counts_where_the_sform_says_nothing(sform):
    header = make_header(sform)
    np.testing.assert_allclose(find_affine(header), TURNED, atol=1e-5)
    orientation, spacing_mm = find_axes(header)
    np.testing.assert_allclose(spacing_mm, [2, 1, 3], rtol=1e-5)
    assert orientation[:, 0].tolist() == [1, 2, 0]


@pytest.mark.parametrize(("sform", "reason"), [(0, "is singular"), (np.nan, "is not finite")])
def test_without_a_qform_it_is_refused(sform, reason):
    with pytest.raises(InputError, match=f"its affine {reason}"):
        find_axes(make_header(sform, qform_code=0))


def test_a_usable_sform_comes_first(read):
    volume = np.arange(40 * 50 * 36, dtype=np.float32).reshape(40, 50, 36)
    image = Nifti1Image(volume, np.eye(4))
    image.set_qform(TURNED, code=1)
    for one, other in zip(read(image.to_bytes()), read(make_nifti(volume)), strict=True):
        np.testing.assert_array_equal(one.image, other.image)
