import numpy as np
import pytest
from PIL import Image

from tumorscope.auditing.findings import find_all
from tumorscope.auditing.reading import read_folders
from tumorscope.phantoms import draw_phantom


@pytest.fixture(scope="session")
def pictures():
    """Six different synthetic slices, each (H, W), uint8."""
    return [draw_phantom(17, index, has_tumor=index % 2 == 0).image_hw for index in range(6)]


@pytest.fixture(scope="session")
def audited(tmp_path_factory, pictures):
    """Two folders with copies within and between them, a conflict and a broken file.

    first: yes/0, yes/0 again (the same bytes), no/0 flipped, yes/1, yes/2, 3 (no label)
    second: yes/1 brightened, yes/4, no/5 and a file that is no image
    """
    folder = tmp_path_factory.mktemp("audited")

    def save(name, pixels):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(pixels)).save(folder / name)

    save("first/yes/0.png", pictures[0])
    (folder / "first/yes/0 again.png").write_bytes((folder / "first/yes/0.png").read_bytes())
    save("first/no/0.jpg", pictures[0][:, ::-1])
    save("first/yes/1.png", pictures[1])
    save("first/yes/2.png", pictures[2])
    save("first/3.png", pictures[3])
    save("second/yes/1.png", np.clip(pictures[1] * 1.3 + 20, 0, 255).astype(np.uint8))
    save("second/yes/4.png", pictures[4])
    save("second/no/5.png", pictures[5])
    (folder / "second/no/bad.png").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="session")
def reading(audited):
    return read_folders([audited / "first", audited / "second"])


@pytest.fixture(scope="session")
def findings(reading):
    return find_all(reading)
