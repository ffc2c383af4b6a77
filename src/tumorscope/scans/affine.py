"""Where the voxels of a NIfTI file lie in the patient."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError

if TYPE_CHECKING:
    from nibabel import Nifti1Header


def find_affine(header: "Nifti1Header") -> NDArray[np.float64]:
    """Find the affine: by the sform, or by the qform where only that tells all axes apart."""
    affine: NDArray[np.float64] = header.get_best_affine()
    is_whole = np.isfinite(affine).all() and np.linalg.matrix_rank(affine[:3, :3]) == 3
    if not is_whole and header["sform_code"] > 0 and header["qform_code"] > 0:
        affine = header.get_qform()
    return affine


def find_axes(header: "Nifti1Header") -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Find the way from the stored axes to (right, anterior, superior), and the spacing there."""
    from nibabel.affines import voxel_sizes
    from nibabel.orientations import io_orientation

    affine = find_affine(header)
    if not np.isfinite(affine).all():
        raise InputError("its affine is not finite, so that no plane can be told from another")
    orientation = io_orientation(affine)
    if np.isnan(orientation).any():
        raise InputError("its affine is singular, so that no plane can be told from another")
    spacing_mm = np.empty(3)
    spacing_mm[orientation[:, 0].astype(int)] = voxel_sizes(affine)
    return orientation, spacing_mm
