import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.dataset.outlines import draw_mask, read_outlines
from tumorscope.errors import InputError

SQUARE = {
    "name": "polygon",
    "all_points_x": [10, 19, 19, 10],
    "all_points_y": [20, 20, 24, 24],
}
CIRCLE = {"name": "circle", "cx": 50, "cy": 40, "r": 10}
ELLIPSE = {"name": "ellipse", "cx": 50, "cy": 40, "rx": 20, "ry": 5, "theta": 0}
RECTANGLE = {"name": "rect", "x": 10, "y": 20, "width": 9, "height": 4}


def describe(*shapes, name="a.jpg", size=100):
    regions = [{"shape_attributes": shape, "region_attributes": {}} for shape in shapes]
    return {f"{name}{size}": {"filename": name, "size": size, "regions": regions}}


@pytest.fixture
def write(tmp_path):
    def write(document):
        path = tmp_path / "annotations.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        return path

    return write


def read_mask(path, name="a.jpg"):
    return draw_mask(read_outlines(path)[name], height=100, width=120)


class TestShapes:
    @pytest.mark.parametrize("shape", [SQUARE, RECTANGLE])
    def test_polygon_and_rectangle_are_filled_with_their_border(self, write, shape):
        rows, columns = np.nonzero(read_mask(write(describe(shape))))
        assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 24, 10, 19)
        assert len(rows) == 5 * 10

    def test_circle_has_its_place_and_area(self, write):
        mask = read_mask(write(describe(CIRCLE)))
        rows, columns = np.nonzero(mask)
        assert (rows.mean(), columns.mean()) == pytest.approx((40, 50), abs=0.1)
        assert len(rows) == pytest.approx(math.pi * 10.5**2, rel=0.05)  # with its line
        assert set(np.unique(mask)) == {0, 255}

    def test_theta_turns_clockwise_on_the_screen_in_radians(self, write):
        turned = {**ELLIPSE, "theta": math.pi / 4}
        mask = read_mask(write(describe(turned)))
        assert mask[40 + 12, 50 + 12] == 255
        assert mask[40 + 12, 50 - 12] == 0

    def test_quarter_turn_swaps_the_radii(self, write):
        turned = read_mask(write(describe({**ELLIPSE, "theta": math.pi / 2})))
        swapped = read_mask(write(describe({**ELLIPSE, "rx": 5, "ry": 20})))
        assert np.mean(turned != swapped) < 0.001

    def test_overlapping_regions_are_joined(self, write):
        once = read_mask(write(describe(CIRCLE)))
        twice = read_mask(write(describe(CIRCLE, CIRCLE, SQUARE)))
        assert (twice[once > 0] == 255).all()
        assert twice[22, 15] == 255

    def test_what_lies_outside_the_picture_is_cut_off(self, write):
        mask = read_mask(write(describe({**CIRCLE, "cx": 0, "cy": 0})))
        assert mask[0, 0] == 255
        assert not read_mask(write(describe({**CIRCLE, "cx": 5000}))).any()

    @given(
        cx=st.floats(-50, 150), cy=st.floats(-50, 150),
        rx=st.floats(0.1, 200), ry=st.floats(0.1, 200), theta=st.floats(-math.pi, math.pi),
    )  # fmt: skip
    def test_ellipse_turned_by_half_a_turn_is_itself(self, tmp_path_factory, cx, cy, rx, ry, theta):
        path = tmp_path_factory.mktemp("via") / "a.json"
        masks = []
        for angle in (theta, theta - math.pi if theta > 0 else theta + math.pi):
            shape = {"name": "ellipse", "cx": cx, "cy": cy, "rx": rx, "ry": ry, "theta": angle}
            path.write_text(json.dumps(describe(shape)), "utf-8")
            masks.append(read_mask(path))
        assert np.count_nonzero(masks[0] != masks[1]) <= 8


class TestForms:
    def test_regions_as_object_and_project_are_read_alike(self, write):
        plain = read_mask(write(describe(SQUARE, CIRCLE)))
        document = describe(SQUARE, CIRCLE)
        for entry in document.values():
            entry["regions"] = {str(n): region for n, region in enumerate(entry["regions"])}
        project = {"_via_settings": {}, "_via_img_metadata": document}
        np.testing.assert_array_equal(read_mask(write(document)), plain)
        np.testing.assert_array_equal(read_mask(write(project)), plain)

    def test_names_lose_their_folders_and_pictures_without_regions_are_left_out(self, write):
        document = {
            **describe(SQUARE, name="yes/a.jpg"),
            **describe(SQUARE, name="scans\\b.jpg"),
            **describe(name="c.jpg"),
        }
        assert sorted(read_outlines(write(document))) == ["a.jpg", "b.jpg"]


class TestMalformed:
    @pytest.mark.parametrize(
        ("shape", "reason"),
        [
            ({"name": "point", "cx": 1, "cy": 1}, "point"),
            ({"name": "polygon", "all_points_x": [1, 2], "all_points_y": [1, 2]}, "at least 3"),
            ({**SQUARE, "all_points_x": [1, 2, 3]}, "3 x and 4 y"),
            ({**SQUARE, "all_points_x": [1, 2, 3, "many"]}, "all_points_x.3"),
            ({**CIRCLE, "r": 0}, "greater than 0"),
            ({**CIRCLE, "cx": 1e300}, "less than"),
            ({**ELLIPSE, "theta": 45}, "theta"),
            ({"name": "circle"}, "cx"),
            ([], "shape_attributes"),
        ],
    )
    def test_shape_is_refused_with_file_and_entry(self, write, shape, reason):
        with pytest.raises(InputError, match=rf"annotations\.json: entry 'a\.jpg100'.*{reason}"):
            read_outlines(write(describe(shape)))

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
    def test_number_that_is_none_is_refused(self, write, value):
        text = json.dumps(describe(CIRCLE)).replace("50", value)
        with pytest.raises(InputError, match="entry"):
            read_outlines(write(text))

    @pytest.mark.parametrize("text", ["", "{", "\0", "[" * 100_000, "[1, 2]", "3"])
    def test_other_files_are_refused(self, write, text):
        with pytest.raises(InputError, match=r"annotations\.json: (not a JSON|expected an object)"):
            read_outlines(write(text))

    def test_other_bytes_are_refused(self, tmp_path):
        path = tmp_path / "picture.json"
        path.write_bytes(b"\xff\xd8\xff\xe0")
        with pytest.raises(InputError, match=r"picture\.json: not a JSON file"):
            read_outlines(path)

    def test_missing_file_is_named(self, tmp_path):
        with pytest.raises(InputError, match=r"gone\.json: cannot be read"):
            read_outlines(tmp_path / "gone.json")

    @pytest.mark.parametrize("entry", [None, 3, "a", [], {}, {"filename": "a.jpg"}])
    def test_entry_that_is_none_is_refused_by_its_name(self, write, entry):
        with pytest.raises(InputError, match="entry 'first'"):
            read_outlines(write({"first": entry}))

    def test_picture_outlined_twice_is_refused(self, write):
        document = {**describe(SQUARE), **describe(SQUARE, size=200)}
        with pytest.raises(InputError, match=r"'a\.jpg' is outlined twice"):
            read_outlines(write(document))

    def test_file_without_any_outline_is_refused(self, write):
        with pytest.raises(InputError, match="holds no outline"):
            read_outlines(write({}))
