import base64

import jinja2
import pytest

from tumorscope.report.page import embed_image, list_origin, list_sections, render_page


def test_what_a_template_asks_for_in_vain_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="title"):
        render_page("head.html.j2")


def test_content_is_escaped():
    assert "<title>a &lt;b&gt;</title>" in render_page("head.html.j2", title="a <b>")


def test_image_becomes_part_of_the_page_and_a_missing_one_none(tmp_path):
    (tmp_path / "a.png").write_bytes(b"pixels")
    encoded = base64.b64encode(b"pixels").decode()
    assert embed_image(tmp_path / "a.png") == f"data:image/png;base64,{encoded}"
    assert embed_image(tmp_path / "gone.png") is None


def test_origin_names_the_data_without_its_folder_and_leaves_empty_what_is_unknown():
    environment = {
        "arguments": {"data": "/home/ann/navoneel"},
        "started": "2026-11-23T09:19:02+00:00",
        "tumorscope": "1.0",
    }
    assert list_origin(environment) == {
        "Dataset": "navoneel", "Started": "2026-11-23 09:19:02 UTC", "Tumorscope": "1.0"
    }  # fmt: skip
    assert list_origin({}) == {"Dataset": "", "Started": "", "Tumorscope": ""}


def test_settings_outside_of_a_section_come_first():
    recipe = {"data": {"split": "grouped"}, "name": "default", "seed": 0}
    assert list_sections(recipe) == [
        ("general", [("name", "default"), ("seed", "0")]),
        ("data", [("split", "grouped")]),
    ]
