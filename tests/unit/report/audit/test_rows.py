import numpy as np
import pandas as pd
import pytest

from tumorscope.auditing.summary import summarize
from tumorscope.report.audit.rows import describe_kinds, describe_sizes


class TestRows:
    def test_each_way_of_change_is_counted_for_every_copy(self, make_findings):
        kinds = ["original", "flipped+rescaled", "flipped", "exact", "linked"]
        rows = describe_kinds(summarize(make_findings([0] * 5, kinds=kinds)))
        assert {row.kind: (row.copies, row.share) for row in rows} == {
            "exact": (1, 0.25), "flipped": (2, 0.5), "rescaled": (1, 0.25), "linked": (1, 0.25)
        }  # fmt: skip

    def test_sizes_of_groups_add_up(self):
        groups = pd.Series(np.repeat(np.arange(6), [1, 1, 2, 4, 11, 70]))
        rows = describe_sizes(groups)
        assert [row.times for row in rows] == ["1", "2", "3 to 5", "11 to 20", "51 to 70"]
        assert [row.pictures for row in rows] == [2, 1, 1, 1, 1]
        assert sum(row.slices for row in rows) == len(groups)
        assert sum(row.share for row in rows) == pytest.approx(1)

    @pytest.mark.parametrize("largest", [1, 2, 5, 50])
    def test_sizes_end_with_the_largest_group(self, largest):
        rows = describe_sizes(pd.Series(np.zeros(largest)))
        assert [(row.pictures, row.slices) for row in rows] == [(1, largest)]
