import numpy as np
import pandas as pd

from tumorscope.evaluation.decisions.neighbours import heed_neighbours
from tumorscope.workflows.measuring.neighbours import heed_series


def test_slices_of_one_series_have_a_say_in_each_other_in_the_order_of_their_places():
    slices = pd.DataFrame(
        {
            "series": ["a", "b", "a", "b", "a", None],
            "place": [2.0, 0, 0, 1, 1, np.nan],
            "reason": None,
        },
        index=[9, 3, 4, 1, 2, 0],
    )
    probabilities = pd.Series([0.9, 0.2, 0.1, 0.8, 0.6, 0.7], slices.index)
    heeded = heed_series(slices, probabilities)
    np.testing.assert_allclose(heeded[[2, 4, 0]], heed_neighbours([0.1, 0.6, 0.9], [0, 1, 2]))
    np.testing.assert_allclose(heeded[[1, 3]], heed_neighbours([0.2, 0.8], [0, 1]))
    assert heeded[5] == 0.7


def test_what_is_refused_has_no_say_and_stays():
    slices = pd.DataFrame({"series": "a", "place": [0, 1, 2], "reason": [None, "unlike", None]})
    heeded = heed_series(slices, pd.Series([0.1, 0.9, 0.3]))
    np.testing.assert_allclose(heeded[[0, 2]], heed_neighbours([0.1, 0.3], [0, 2]))
    assert heeded[1] == 0.9


def test_tables_without_series_stay_as_they_are():
    slices = pd.DataFrame({"reason": [None, None]})
    assert heed_series(slices, pd.Series([0.1, 0.9])).tolist() == [0.1, 0.9]
