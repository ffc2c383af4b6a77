import io
import os
from collections.abc import Callable
from pathlib import Path

if (WORKER := os.environ.get("PYTEST_XDIST_WORKER")) is not None:
    # The libraries read this when they are loaded, so here and not in a hook.
    os.environ |= dict.fromkeys(
        (
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "TF_NUM_INTRAOP_THREADS",
            "TF_NUM_INTEROP_THREADS",
        ),
        "1",
    )
    if hasattr(os, "sched_setaffinity"):
        # OpenVINO takes a thread per core that it may use. Two, so that what is done in several
        # processes where there are several cores still is.
        cores, first = sorted(os.sched_getaffinity(0)), int(WORKER.removeprefix("gw"))
        os.sched_setaffinity(0, {cores[(first + next_) % len(cores)] for next_ in range(2)})

import hypothesis
import numpy as np
import openvino
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from openvino import opset13 as opset
from PIL import Image

from tumorscope.artifact.spec import (
    KNOWN_CODES_FILE,
    OPENVINO_FILE,
    ArtifactSpec,
    ConformalSpec,
)
from tumorscope.artifact.writer import write_artifact, write_guard
from tumorscope.copies.codes import CODE_BYTES
from tumorscope.copies.thumbnails import FRAMES
from tumorscope.evaluation.decisions.novelty import Subspace
from tumorscope.phantoms import draw_phantom, write_phantoms
from tumorscope.recipe import PreprocessingSettings

SIDE_PX = 32
FOLDER = Path(__file__).parent
LONG = [
    FOLDER / path
    for path in (
        "integration/test_crossval.py",
        "integration",
        "contract",
        "unit/workflows/predict",
    )
]

# A test is right or wrong; how fast a busy machine runs it says nothing about either.
hypothesis.settings.register_profile("tumorscope", deadline=None)
hypothesis.settings.load_profile("tumorscope")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin, among several workers, with what takes long: at the end none waits for another."""
    if WORKER is not None:
        items.sort(key=lambda item: [not item.path.is_relative_to(path) for path in LONG])


@pytest.fixture(scope="session")
def phantom_slice() -> NDArray[np.uint8]:
    """One synthetic slice with a lesion, shape (H, W, 3), uint8, read-only."""
    gray_hw = draw_phantom(seed=1, index=0, has_tumor=True).image_hw
    image = np.repeat(gray_hw[..., np.newaxis], 3, axis=-1)
    image.flags.writeable = False
    return image


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of eight slices with and eight without lesions: yes, no, masks, phantoms.csv."""
    folder = tmp_path_factory.mktemp("phantoms") / "slices"
    write_phantoms(folder, 16, 5, lambda _: None)
    return folder


@pytest.fixture(scope="session")
def navoneel() -> Path:
    """The real slices of the dataset that the mission names."""
    folder = Path(os.environ.get("TUMORSCOPE_DATA", FOLDER / "../../shared/data")) / "navoneel"
    if not folder.is_dir():
        pytest.skip("no real slices: set TUMORSCOPE_DATA to the folder that holds navoneel/")
    return folder


@pytest.fixture(scope="session")
def tiny_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact whose probability and map follow the brightness of a slice, made without Keras.

    The probability is ``sigmoid((mean - 64) / 16)`` of the prepared slice, and the map, 2 x 2,
    is ``(mean - 64) / 64`` of each quarter. From 0.45 to 0.55 a verdict is uncertain. The features
    are the means of the three colors, and what is all white is not assessable. Read only: copy it
    before changing it.
    """
    folder = tmp_path_factory.mktemp("tiny") / "model"
    folder.mkdir()
    openvino.save_model(_build_graph(), folder / OPENVINO_FILE, compress_to_fp16=True)
    spec = ArtifactSpec(
        recipe="tiny",
        backbone="brightness",
        weights="none",
        preprocessing=PreprocessingSettings(side_px=SIDE_PX, crop_to_head=False),
        operating_points={"half": 0.5, "youden": 0.6, "target_sensitivity": 0.2},
        conformal=ConformalSpec(no_tumor=0.55, tumor=0.55),
        cam_scale=2.0,
        fingerprint="0" * 64,
    )
    np.save(folder / KNOWN_CODES_FILE, np.zeros((0, len(FRAMES), CODE_BYTES), np.uint8))
    origin = Subspace(np.zeros(3, np.float32), np.zeros((3, 0), np.float32), 1.0, 3 * 254.5**2)
    write_guard(folder, origin)
    write_artifact(folder, spec)
    return folder


def _build_graph() -> openvino.Model:
    half = SIDE_PX // 2
    slices = opset.parameter([-1, SIDE_PX, SIDE_PX, 3], np.float32, name="slices")
    slices.output(0).get_tensor().set_names({"slices"})
    quarters = opset.reshape(slices, np.array([0, 2, half, 2, half, 3]), special_zero=True)
    centered = opset.subtract(opset.reduce_mean(quarters, np.array([2, 4, 5])), np.float32(64))
    logit = opset.divide(opset.reduce_mean(centered, np.array([1, 2])), np.float32(16))
    answers = {
        "probability": opset.sigmoid(logit),
        "cam": opset.divide(centered, np.float32(64)),
        "features": opset.reduce_mean(slices, np.array([1, 2])),
    }
    results = []
    for name, node in answers.items():
        node.output(0).get_tensor().set_names({name})
        results.append(opset.result(node))
    return openvino.Model(results, [slices], "tiny")


@pytest.fixture
def blank_figures(monkeypatch) -> None:
    """Write a point in place of each figure, where a test is about something else."""
    encoded = io.BytesIO()
    Image.new("L", (1, 1)).save(encoded, "PNG")

    def save(_: Figure, path: Path, **_options: object) -> None:
        path.write_bytes(encoded.getvalue())

    monkeypatch.setattr(Figure, "savefig", save)


@pytest.fixture
def write_slice() -> Callable[..., Path]:
    """Write a slice of a given mean brightness, in the format of the path's ending.

    The left half is darker by 8 and the right half brighter by 8, so that it is a slice.
    """

    def write(path: Path, brightness: int = 100, side_px: int = 40) -> Path:
        gray_hw = np.full((side_px, side_px), brightness - 8, np.uint8)
        gray_hw[:, side_px // 2 :] = brightness + 8
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(gray_hw).save(path)
        return path

    return write


@pytest.fixture
def draw_ramp() -> Callable[[int, int], NDArray[np.uint8]]:
    """Draw a slice that is brighter toward the right, and less so toward the bottom.

    It looks the same at any size.
    """

    def draw(height: int, width: int) -> NDArray[np.uint8]:
        down, right = ((np.arange(side) + 0.5) / side for side in (height, width))
        gray_hw = (85 * down[:, np.newaxis] + 170 * right).astype(np.uint8)
        return np.repeat(gray_hw[..., np.newaxis], 3, axis=-1)

    return draw
