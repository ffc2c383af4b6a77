import logging

import numpy as np
import pytest

from tumorscope.copies import nearest
from tumorscope.copies.nearest import index_codes


def draw_codes(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def rank_all(queries, codes, neighbours):
    """Compare every query with every code, bit by bit."""
    differing = np.unpackbits(queries[:, np.newaxis] ^ codes, axis=-1).sum(axis=-1)
    rows = np.argsort(differing, axis=1, kind="stable")[:, :neighbours]
    return np.take_along_axis(differing, rows, axis=1), rows


@pytest.fixture(params=["with Faiss", "without Faiss"])
def installation(request, monkeypatch):
    if request.param == "without Faiss":
        monkeypatch.setattr(nearest, "find_spec", lambda _: None)


def test_the_nearest_are_those_of_all_and_of_equal_ones_the_first(installation):
    codes = draw_codes(300)
    codes[200:] = codes[:100]  # equally near ones, further than the last that is asked for, too
    codes[30:60] = codes[0]
    queries = np.concatenate([codes[::7], draw_codes(20, seed=1)])
    distances, rows = index_codes(codes).search(queries, 12)
    expected_distances, expected_rows = rank_all(queries, codes, 12)
    np.testing.assert_array_equal(distances, expected_distances)
    np.testing.assert_array_equal(rows, expected_rows)


def test_fewer_codes_than_neighbours_are_all_that_is_found(installation):
    codes = draw_codes(3)
    distances, rows = index_codes(codes).search(codes[:1], 12)
    is_any = rows[0] >= 0
    assert sorted(rows[0][is_any].tolist()) == [0, 1, 2]
    assert distances[0][is_any].tolist() == sorted(distances[0][is_any].tolist())
    assert distances[0][0] == 0


def test_many_codes_without_faiss_are_said_to_take_long(monkeypatch, caplog):
    monkeypatch.setattr(nearest, "_LARGEST_FLAT_INDEX", 10)
    with caplog.at_level(logging.WARNING, logger="tumorscope"):
        index_codes(draw_codes(11))
        assert caplog.text == ""
        monkeypatch.setattr(nearest, "find_spec", lambda _: None)
        index_codes(draw_codes(10))
        assert caplog.text == ""
        index_codes(draw_codes(11))
    assert "searching 11 codes takes long without Faiss: pip install '.[audit]'" in caplog.text
