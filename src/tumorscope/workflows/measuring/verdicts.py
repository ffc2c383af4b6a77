"""The verdict that a user reads of each slice."""

import pandas as pd

from tumorscope.evaluation.decisions.verdicts import NOT_ASSESSABLE


def find_verdicts(answers: pd.DataFrame) -> pd.Series:
    """Give the verdicts that a user would read: not assessable where the guard refuses."""
    if "reason" not in answers:
        return answers["verdict"]
    return answers["verdict"].mask(answers["reason"].notna(), NOT_ASSESSABLE)
