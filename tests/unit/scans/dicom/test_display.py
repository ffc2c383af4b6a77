import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.pixels import apply_windowing

from scan_files import make_dataset, make_item
from tumorscope.scans.dicom.display import show_frame

RAMP = np.arange(1600, dtype=np.uint16).reshape(40, 40)


def show(values: np.ndarray, **elements: object) -> np.ndarray:
    return show_frame(values, make_dataset(values, **elements), 0)[..., 0]


class TestWindow:
    @pytest.mark.slow
    @given(st.integers(-500, 2000), st.integers(2, 3000), st.sampled_from(["LINEAR", "SIGMOID"]))
    def test_window_is_what_pydicom_computes(self, center, width, function):
        elements = {"WindowCenter": center, "WindowWidth": width, "VOILUTFunction": function}
        shown = show(RAMP, BitsStored=12, **elements)
        with np.errstate(over="ignore"):  # pydicom's sigmoid
            windowed = apply_windowing(RAMP, make_dataset(RAMP, BitsStored=12, **elements))
        expected = windowed / 4095 * 255
        if np.ptp(np.rint(expected)) > 0:
            np.testing.assert_allclose(shown, expected, atol=1)

    def test_the_first_of_several_windows_counts(self):
        first = show(RAMP, WindowCenter=500, WindowWidth=200)
        several = show(RAMP, WindowCenter=[500, 900], WindowWidth=[200, 10])
        np.testing.assert_array_equal(first, several)

    @pytest.mark.parametrize(("center", "width"), [(99_999, 5), (500, 0), (500, -1), (500, 1)])
    def test_a_window_that_shows_nothing_is_ignored(self, center, width):
        np.testing.assert_array_equal(
            show(RAMP, WindowCenter=center, WindowWidth=width), show(RAMP)
        )

    def test_window_applies_to_rescaled_values(self):
        plain = show(RAMP, WindowCenter=500, WindowWidth=200)
        rescaled = show(
            RAMP, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=899.5, WindowWidth=399
        )
        np.testing.assert_allclose(plain.astype(int), rescaled, atol=1)

    def test_look_up_table_comes_before_the_window(self):
        lut = make_item(
            LUTDescriptor=[1600, 0, 16], LUTData=np.arange(1600, dtype=np.uint16)[::-1].tolist()
        )
        shown = show(RAMP, VOILUTSequence=lut, WindowCenter=10, WindowWidth=5)
        assert shown[0, 0] == 255
        assert shown[-1, -1] == 0

    def test_without_window_outliers_are_clipped(self):
        values = RAMP.copy()
        values[0, 0] = 60_000
        assert show(values)[-1, -1] == 255


class TestValues:
    def test_monochrome1_is_inverted(self):
        np.testing.assert_array_equal(
            show(RAMP, PhotometricInterpretation="MONOCHROME1"), 255 - show(RAMP)
        )

    def test_signed_values_keep_their_order(self):
        signed = RAMP.astype(np.int16) - 800
        np.testing.assert_array_equal(show(signed), show(RAMP))

    def test_8_bit_values_without_window_are_shown_as_they_are(self, gray_hw):
        np.testing.assert_array_equal(show(gray_hw), gray_hw)

    def test_padding_is_shown_as_the_darkest_value(self):
        padded = RAMP.astype(np.int16) + 100
        padded[:20] = -2000
        shown = show(padded, PixelPaddingValue=-2000)
        assert (shown[:20] == 0).all()
        assert shown[30, 0] < 140

    def test_padding_of_inverted_values_is_shown_as_the_darkest_value_too(self):
        padded = RAMP.astype(np.int16) + 100
        padded[:20] = -2000
        shown = show(
            padded, PixelPaddingValue=-2000, PhotometricInterpretation="MONOCHROME1", BitsStored=16
        )
        assert (shown[:20] == 0).all()
        assert shown[20, 0] > 240

    def test_padding_may_reach_as_far_as_0(self):
        padded = RAMP.astype(np.int16) + 100
        padded[:10], padded[10:20] = -1000, 0
        shown = show(padded, PixelPaddingValue=-1000, PixelPaddingRangeLimit=0)
        assert (shown[:20] == 0).all()
        assert 0 <= shown[20, 0] < 10

    @pytest.mark.parametrize(("slope", "intercept"), [(4, 0), (0.05, 0), (4, -1024), (1, 7)])
    def test_8_bit_values_are_shown_as_they_are_whatever_they_measure(
        self, gray_hw, slope, intercept
    ):
        shown = show(gray_hw, RescaleSlope=slope, RescaleIntercept=intercept)
        np.testing.assert_allclose(shown, gray_hw.astype(int), atol=1)

    def test_8_bit_values_of_a_falling_slope_are_inverted(self, gray_hw):
        shown = show(gray_hw, RescaleSlope=-1, RescaleIntercept=0)
        np.testing.assert_array_equal(shown, 255 - gray_hw)

    def test_spacing_that_differs_is_made_square(self):
        # The two rows that a row becomes lie on either side of it.
        square = show(RAMP, PixelSpacing=[2, 1]).astype(float)
        np.testing.assert_allclose((square[::2] + square[1::2]) / 2, show(RAMP), atol=2)
