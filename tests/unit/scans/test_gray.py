import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tumorscope.errors import InputError
from tumorscope.scans.gray import apply_window, compute_window, make_square


class TestComputeWindow:
    def test_outliers_do_not_decide(self):
        values = np.linspace(100, 200, 10_000)
        values[5] = 1e6
        low, high = compute_window(values)
        assert low == pytest.approx(100.5, abs=0.1)
        assert high == pytest.approx(199.5, abs=0.1)

    def test_few_bright_values_on_air_are_shown_from_minimum_to_maximum(self):
        values = np.zeros(10_000, np.int16)
        values[7] = 9
        assert compute_window(values) == (0, 9)

    def test_values_that_are_not_finite_are_left_out(self):
        values = np.array([np.nan, -np.inf, np.inf, *range(101)], np.float32)
        low, high = compute_window(values)
        assert (low, high) == pytest.approx((0.5, 99.5))

    def test_a_large_array_is_sampled_all_over(self):
        low, high = compute_window(np.arange(10_000_000, dtype=np.int32).reshape(100, 100, 1000))
        assert low == pytest.approx(50_000, rel=0.01)
        assert high == pytest.approx(9_950_000, rel=0.01)

    def test_values_beyond_float32_are_left_out_without_a_warning(self):
        low, high = compute_window(np.array([1e300, -1e300, *range(101)]))
        assert (low, high) == pytest.approx((0.5, 99.5))

    @pytest.mark.parametrize(
        ("value", "reason"), [(7, "same value"), (np.nan, "no finite"), (np.inf, "no finite")]
    )
    def test_nothing_to_show_is_refused(self, value, reason):
        with pytest.raises(InputError, match=reason):
            compute_window(np.full((4, 4), value, np.float32))


class TestApplyWindow:
    @given(st.integers(-(10**6), 10**6), st.integers(1, 10**6))
    def test_black_and_white_are_where_the_window_says(self, low, width):
        high = low + width
        values = np.array([[low - width, low, high, high + width, np.nan]])
        shown = apply_window(values, low, high)
        assert shown.tolist()[0][:1] == [0]
        assert shown.tolist()[0][3:] == [255, 0]
        assert (np.diff(shown[0, :4].astype(int)) >= 0).all()

    def test_what_is_not_finite_or_too_large_is_shown_without_a_warning(self):
        values = np.array([[-np.inf, 0, np.inf]], np.float32)
        assert apply_window(values, 0, 1).tolist() == [[0, 0, 255]]
        assert apply_window(values, 1e300, 1e301).tolist() == [[0, 0, 0]]

    def test_values_are_not_modified(self):
        values = np.array([[np.nan, 1, 2]], np.float32)
        apply_window(values, 0, 2)
        assert np.isnan(values[0, 0])


class TestMakeSquare:
    @pytest.mark.parametrize(
        ("row_mm", "column_mm", "shape"), [(3, 1, (120, 48)), (0.5, 1, (40, 96)), (2, 2, (40, 48))]
    )
    def test_coarser_side_is_stretched(self, gray_hw, row_mm, column_mm, shape):
        expected = Image.fromarray(gray_hw).resize(shape[::-1], Image.Resampling.BILINEAR)
        square = make_square(gray_hw, row_mm, column_mm)
        np.testing.assert_allclose(square, np.asarray(expected, int), atol=1)

    @pytest.mark.parametrize("size", [0, -1, np.nan, np.inf, 1e-9, 1e9])
    def test_nonsense_leaves_the_picture_as_it_is(self, gray_hw, size):
        assert make_square(gray_hw, size, 1) is gray_hw
