from concurrent.futures import ThreadPoolExecutor

import pytest

from tumorscope.inference.ahead import map_ahead


@pytest.fixture
def pool():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_results_come_in_the_order_of_the_items(pool):
    assert list(map_ahead(lambda n: n * n, range(50), pool, 3)) == [n * n for n in range(50)]


def test_items_are_taken_only_a_few_ahead(pool):
    taken = []
    results = map_ahead(lambda n: n, (taken.append(n) or n for n in range(10**9)), pool, 4)
    assert [next(results) for _ in range(10)] == list(range(10))
    assert len(taken) <= 15


def test_an_error_comes_in_its_place(pool):
    results = map_ahead(lambda n: 1 / n, [1, 0], pool, 4)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)
