import pandas as pd

from tumorscope.workflows.measuring.verdicts import find_verdicts


def test_what_the_guard_refuses_is_not_assessable():
    answers = pd.DataFrame({"verdict": ["tumor", "uncertain"], "reason": [None, "unlike"]})
    assert find_verdicts(answers).tolist() == ["tumor", "not assessable"]


def test_verdicts_are_as_they_were_where_no_guard_was_asked():
    answers = pd.DataFrame({"verdict": ["tumor", "uncertain"]})
    assert find_verdicts(answers).tolist() == ["tumor", "uncertain"]
