from dataclasses import replace

import numpy as np
import pytest

from tumorscope.scans.dicom.place import Place
from tumorscope.scans.dicom.stacks import Image, divide_stacks
from tumorscope.scans.stored_file import store_bytes

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def make_image(
    name: str, z: float | None, *told: str, orientation=AXIAL, number: int | None = None
) -> Image:
    place = None if z is None else Place((0.0, 0.0, z), tuple(orientation))
    return Image(store_bytes(name, b""), 0, place, number, told or ("",))


def name_stacks(images):
    return [[image.file.name for image in stack] for stack in divide_stacks(images)]


class TestOrientation:
    @pytest.mark.parametrize("angle", np.arcsin([0.125, 0.245, 0.005, 0.999]))
    @pytest.mark.parametrize("noise", [2e-6, 1e-4])
    def test_rounding_divides_nothing(self, angle, noise):
        # 0.125 and 0.245 lie at the edges of two decimals.
        images = []
        for number in range(12):
            turned = angle + noise * (-1) ** number
            cosine, sine = np.cos(turned), np.sin(turned)
            orientation = (cosine, sine, 0, -sine, cosine, 0)
            images.append(make_image(f"{number:02d}", 5.0 * number, orientation=orientation))
        assert name_stacks(images[::-1]) == [[f"{number:02d}" for number in range(12)]]

    def test_one_degree_is_another_plane(self):
        cosine, sine = np.cos(np.pi / 180), np.sin(np.pi / 180)
        other = make_image("b", 0, orientation=(cosine, sine, 0, -sine, cosine, 0))
        assert name_stacks([make_image("a", 0), other]) == [["a"], ["b"]]

    def test_a_turned_plane_is_measured_along_one_normal(self):
        # 300 mm from the origin, noise of 1e-4 in each normal would be 0.03 mm.
        tilted = (1.0, 0.0, 0.0, 0.0, 1.0, 1e-4)
        images = [
            Image(store_bytes(name, b""), 0, Place((0.0, 300.0, z), orientation), None, (echo,))
            for name, z, orientation, echo in (
                *(("a", 0.0, AXIAL, "1"), ("b", 0.0, tilted, "2")),
                *(("c", 1.0, tilted, "1"), ("d", 1.0, AXIAL, "2")),
            )
        ]
        assert name_stacks(images) == [["a", "c"], ["b", "d"]]


class TestPosition:
    def test_rounding_makes_no_further_position(self):
        # 0.125 lies at the edge of two decimals.
        images = [
            make_image(f"{echo}{place}", 5 * place + 0.125 + 1e-6 * side, echo)
            for place in range(4)
            for echo, side in (("a", -1), ("b", 1))
        ]
        assert name_stacks(images) == [["a0", "a1", "a2", "a3"], ["b0", "b1", "b2", "b3"]]

    def test_thin_slices_are_several(self):
        images = [make_image(str(place), place * 0.1) for place in range(4)]
        assert name_stacks(images) == [["0", "1", "2", "3"]]


class TestVolumes:
    def test_differ_in_what_gives_as_many_as_share_a_position(self):
        images = [
            make_image(f"{b}{way}{place}", place, b, way, str(place))
            for b, way in (("0", "-"), ("1000", "x"), ("1000", "y"))
            for place in range(2)
        ]
        assert name_stacks(images) == [["0-0", "0-1"], ["1000x0", "1000x1"], ["1000y0", "1000y1"]]

    def test_differ_in_their_folders_where_nothing_else_tells(self):
        # Of the second, one is missing in the middle: by position alone the third would take it.
        images = []
        for folder, places in (("p", (0, 1, 2)), ("q", (0, 2))):
            for place in places:
                image = make_image(f"{folder}{place}", place, number=1)
                images.append(image._replace(file=replace(image.file, folder=folder)))
        assert name_stacks(images[::-1]) == [["p0", "p1", "p2"], ["q0", "q2"]]

    def test_where_nothing_tells_them_apart_follow_their_numbers(self):
        images = [make_image(f"{n}", n % 3, number=n) for n in range(6)]
        assert name_stacks(images[::-1]) == [["0", "1", "2"], ["3", "4", "5"]]
