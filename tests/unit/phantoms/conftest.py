import numpy as np
import pytest

from tumorscope.phantoms.anatomy import Head, draw_head


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def head() -> Head:
    return draw_head(np.random.default_rng(3))
