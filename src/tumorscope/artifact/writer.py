"""Complete a folder of exported files to an artifact."""

from pathlib import Path

import numpy as np

from tumorscope.artifact.spec import CHECKSUM_FILE, GUARD_FILE, SPEC_FILE, ArtifactSpec
from tumorscope.atomic import write_text
from tumorscope.checksum import compute_sha256
from tumorscope.evaluation.decisions.novelty import Subspace


def write_artifact(folder: Path, spec: ArtifactSpec) -> ArtifactSpec:
    """Write ``artifact.json`` and its checksum for all files in a folder.

    Parameters
    ----------
    folder
        Holds every file of the artifact but these two.
    spec
        Its `files` are filled in here.

    Returns
    -------
    ArtifactSpec
        As written.
    """
    own = (SPEC_FILE, CHECKSUM_FILE)
    files = sorted(path for path in folder.iterdir() if path.name not in own)
    complete = spec.model_copy(update={"files": {f.name: compute_sha256(f) for f in files}})
    write_text(folder / SPEC_FILE, complete.model_dump_json(indent=2) + "\n")
    # The file that vouches for all others needs a voucher too, in the form sha256sum -c reads.
    write_text(folder / CHECKSUM_FILE, f"{compute_sha256(folder / SPEC_FILE)}  {SPEC_FILE}\n")
    return complete


def write_guard(folder: Path, subspace: Subspace) -> None:
    """Write where the features of training slices lie, before `write_artifact`."""
    np.savez(
        folder / GUARD_FILE,
        mean=subspace.mean,
        basis=subspace.basis,
        scale=subspace.scale,
        limit=subspace.limit,
    )
