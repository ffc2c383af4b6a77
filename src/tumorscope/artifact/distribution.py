"""A copy of an artifact with no more than prediction needs."""

import shutil
from pathlib import Path

from tumorscope.artifact.reader import find_artifact, read_artifact
from tumorscope.artifact.spec import (
    GUARD_FILE,
    KNOWN_CODES_FILE,
    KNOWN_DIGESTS_FILE,
    OPENVINO_FILE,
    ArtifactSpec,
)
from tumorscope.artifact.writer import write_artifact
from tumorscope.errors import ArtifactError
from tumorscope.replacing import check_replaceable, replace_folder

CARD_FILE = "MODEL_CARD.md"
_STEP = "copy_for_prediction"
_NEEDED = (OPENVINO_FILE, "model.bin", KNOWN_CODES_FILE, GUARD_FILE, CARD_FILE)


def copy_for_prediction(model: Path, out: Path, about: str = "") -> ArtifactSpec:
    """Copy an artifact without the files that only training and other software read.

    Parameters
    ----------
    model
        An artifact, or a run folder; it is verified first.
    out
        The folder to write, all or nothing; an earlier copy that is there is replaced.
    about
        Markdown to end the model card with: where data and weights are from, and their licences.

    Returns
    -------
    ArtifactSpec
        That of the copy: the same, but for `files`.

    Raises
    ------
    ArtifactError
        There is no artifact, it is damaged, or it lacks a file that prediction needs.
    InputError
        `out` is, holds or lies in the artifact, is a file, or holds something else.
    """
    source = find_artifact(model)
    spec = read_artifact(source)
    if missing := sorted(set(_NEEDED) - set(spec.files)):
        raise ArtifactError(f"{source}: the artifact has no {missing[0]}; train again")
    check_replaceable(out, _STEP, [source])
    with replace_folder(out, _STEP) as folder:
        wanted = (*_NEEDED, KNOWN_DIGESTS_FILE)  # which an older artifact has not
        for name in (name for name in wanted if name in spec.files):
            shutil.copyfile(source / name, folder / name)
        if about:
            with (folder / CARD_FILE).open("a", encoding="utf-8") as card:
                card.write(f"\n{about}")
        return write_artifact(folder, spec)
