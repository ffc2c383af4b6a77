"""Planted copies are found, nothing else is joined: a short benchmarks/robustness/copies.py."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "robustness" / "copies.py"
ORIGINALS = 64
LEAST_RECALL = 0.98


@pytest.fixture(scope="module")
def benchmark():
    specification = importlib.util.spec_from_file_location("copies_benchmark", BENCHMARK)
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def phantoms(benchmark):
    return benchmark.draw_phantoms(ORIGINALS, seed=9)


@pytest.fixture(scope="module")
def known(benchmark, phantoms):
    return benchmark.know(*benchmark.describe(phantoms))


def test_different_phantoms_are_not_joined(known):
    assert len(np.unique(known.groups)) == ORIGINALS


@pytest.mark.parametrize(
    "kind",
    ["rescaled", "recompressed", "brightened", "cropped", "flipped", "turned", "everything"],
)
def test_planted_copies_are_found_and_join_nothing_else(benchmark, phantoms, known, kind):
    result = benchmark.plant(known, range(ORIGINALS), phantoms, benchmark.EDITS[kind], seed=1)
    assert result.recall >= LEAST_RECALL
    assert result.wrong == 0


@pytest.mark.slow
def test_a_copy_of_something_else_is_not_counted_as_found(benchmark, phantoms, known):
    """The count itself: an edit that loses the picture is recalled nowhere."""

    def lose(image, generator):
        return generator.integers(0, 256, image.shape, dtype=np.uint8)

    result = benchmark.plant(known, range(4), phantoms[:4], lose)
    assert (result.found, result.wrong) == (0, 0)


def test_a_copy_that_lands_in_another_group_is_wrong(benchmark, phantoms, known):
    result = benchmark.plant(known, [5], [phantoms[6]], lambda image, _: image)
    assert (result.found, result.wrong) == (0, 1)
