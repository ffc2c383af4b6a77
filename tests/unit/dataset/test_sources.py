import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tumorscope.dataset.class_names import read_class_names
from tumorscope.dataset.labelled_files import LabelledFile
from tumorscope.dataset.sources import list_labelled_files, name_sources
from tumorscope.errors import InputError, MissingExtraError

YES = read_class_names("yes")


@pytest.fixture
def touch(tmp_path):
    """Make empty files below the temporary folder: listing does not read them."""

    def touch(*names: str) -> Path:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return touch


@pytest.fixture
def write_csv(tmp_path):
    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "table.csv"
        path.write_text(text, encoding)
        return path

    return write


def list_names(source: Path, positive: str = "yes") -> list[tuple[str, int]]:
    return [
        (file.path.name, file.label)
        for file in list_labelled_files(source, read_class_names(positive))
    ]


class TestFolder:
    def test_two_classes_are_listed_in_a_stable_order(self, touch):
        folder = touch("yes/b.png", "yes/a.jpg", "no/z.tif", "no/deeper/c.bmp")
        files = list_labelled_files(folder, YES)
        assert files == [
            LabelledFile(folder / "no/deeper/c.bmp", 0, "no"),
            LabelledFile(folder / "no/z.tif", 0, "no"),
            LabelledFile(folder / "yes/a.jpg", 1, "yes"),
            LabelledFile(folder / "yes/b.png", 1, "yes"),
        ]
        assert list_labelled_files(str(folder), YES) == files

    def test_class_names_are_compared_without_case_and_kept_as_written(self, touch):
        folder = touch("YES/a.png", "No/b.png")
        assert [(f.label, f.label_name) for f in list_labelled_files(folder, YES)] == [
            (0, "No"),
            (1, "YES"),
        ]
        assert len(list_labelled_files(folder, read_class_names("Yes"))) == 2

    def test_other_files_and_folders_are_ignored(self, touch):
        folder = touch(
            "yes/a.png", "no/b.png", "masks/a.png", "docs/c.jpg", "a.png", "no/Thumbs.db",
            "no/.hidden.png", "no/._b.png", "phantoms.csv",
        )  # fmt: skip
        assert list_names(folder) == [("b.png", 0), ("a.png", 1)]

    def test_links_to_folders_are_listed_with_the_reason_and_dead_links_for_the_reader(self, touch):
        folder = touch("yes/a.png", "no/b.png", "more/c.png")
        (folder / "yes/more").symlink_to(folder / "more")
        (folder / "yes/round").symlink_to(folder)
        (folder / "yes/gone.png").symlink_to("nothing.png")
        (folder / "no/b link.png").symlink_to("b.png")
        listed = {file.path.name: file.refusal for file in list_labelled_files(folder, YES)}
        link = "a link to a folder; put that folder itself in its place"
        assert listed == {
            **dict.fromkeys(("b link.png", "b.png", "a.png", "gone.png")),
            **dict.fromkeys(("more", "round"), link),
        }

    def test_a_class_of_nothing_but_links_or_unknown_files_is_a_class(self, touch):
        folder = touch("yes/a.webp", "no/b.png")
        assert list_names(folder) == [("b.png", 0), ("a.webp", 1)]
        (folder / "yes/a.webp").unlink()
        (folder / "yes/glioma").symlink_to(folder / "no")
        assert list_names(folder) == [("b.png", 0), ("glioma", 1)]

    @pytest.mark.parametrize("inner", ["yes/no/c.png", "yes/p1/No/deeper/c.png", "no/yes/c.png"])
    def test_a_folder_of_one_class_inside_of_the_other_is_refused(self, touch, inner):
        folder = touch("yes/a.png", "no/b.png", inner)
        with pytest.raises(
            InputError, match=r"/(yes|yes/p1|no)/(no|No|yes): a folder named as one"
        ):
            list_labelled_files(folder, YES)

    def test_inside_of_its_own_class_or_with_a_number_a_folder_may_be_called_anything(self, touch):
        folder = touch("1/0/a.png", "1/healthy/c.png", "0/0/b.png", "0/1/d.png")
        assert [label for _, label in list_names(folder)] == [0, 0, 1, 1]
        folder = touch("x/yes/yes/a.png", "x/no/no/b.png") / "x"
        assert list_names(folder) == [("b.png", 0), ("a.png", 1)]

    def test_a_folder_that_is_of_no_class_is_said(self, touch, caplog):
        folder = touch("yes/a.png", "no/b.png", "masks/a.png", "unclear/c.png")
        assert list_names(folder) == [("b.png", 0), ("a.png", 1)]
        (said,) = (record.getMessage() for record in caplog.records)
        assert said == f"passed over: {folder / 'unclear'}: its name is that of no class"

    def test_folders_of_numbers_are_classes_as_labels_of_a_table_are(self, touch):
        folder = touch("0/a.png", "1/b.png")
        assert list_names(folder) == [("a.png", 0), ("b.png", 1)]
        assert list_names(folder, "0") == [("b.png", 0), ("a.png", 1)]

    def test_pipes_are_no_scans(self, touch):
        folder = touch("yes/a.png", "no/b.png")
        os.mkfifo(folder / "yes" / "pipe.png")
        assert list_names(folder) == [("b.png", 0), ("a.png", 1)]

    def test_folder_named_as_an_image_is_no_image(self, touch):
        folder = touch("yes/a.png", "no/b.png", "no/c.png/readme.txt")
        assert list_names(folder) == [("b.png", 0), ("a.png", 1)]

    @pytest.mark.parametrize("nesting", ["archive", "archive/inner"])
    def test_archive_folder_around_the_classes_is_entered(self, touch, nesting):
        folder = touch(f"{nesting}/yes/a.png", f"{nesting}/no/b.png", "README.md")
        assert list_names(folder) == [("b.png", 0), ("a.png", 1)]

    def test_folder_that_macos_adds_to_an_archive_is_ignored(self, touch):
        folder = touch("data/yes/a.png", "data/no/b.png", "__MACOSX/data/yes/._a.png")
        assert list_names(folder) == [("b.png", 0), ("a.png", 1)]

    def test_positive_names_the_class_with_a_tumor(self, touch):
        folder = touch("glioma/a.png", "healthy/b.png", "empty/readme.txt")
        assert list_names(folder, "glioma") == [("b.png", 0), ("a.png", 1)]
        assert list_names(folder, "healthy") == [("a.png", 0), ("b.png", 1)]

    def test_two_spellings_of_one_class_lose_no_slice(self, touch):
        folder = touch("yes/a.png", "Yes/b.png", "no/c.png")
        try:
            listed = list_names(folder)
        except InputError:
            return
        assert sorted(listed) == [("a.png", 1), ("b.png", 1), ("c.png", 0)]

    @pytest.mark.parametrize(
        ("names", "found"),
        [
            (["yes/a.png"], "'yes' .* found yes;"),
            (["yes/a.png", "no/readme.txt"], "found yes;"),
            (["no/a.png"], "found no;"),
            (["a/1.png", "b/2.png"], "found a, b; .* --positive NAME,NAME --negative"),
            (["yes/a.png", "healthy/b.png", "masks/c.png"], "found healthy, masks, yes;"),
            (["readme.txt"], "found none;"),
        ],
    )
    def test_anything_but_two_classes_is_refused_with_what_was_found(self, touch, names, found):
        with pytest.raises(InputError, match=found):
            list_labelled_files(touch(*names), YES)

    def test_one_class_alone_is_taken_where_both_are_not_needed(self, touch):
        folder = touch("sick/yes/a.png", "well/no/deeper/b.png", "odd/healthy/c.png")
        taken = [list_labelled_files(folder / name, YES, False) for name in ("sick", "well")]
        assert [(file.label, file.label_name) for (file,) in taken] == [(1, "yes"), (0, "no")]
        with pytest.raises(InputError, match="odd: expected images of two classes"):
            list_labelled_files(folder / "odd", YES, False)

    def test_several_classes_are_mapped_to_two(self, touch):
        names = read_class_names("glioma,meningioma", "notumor")
        folder = touch("glioma/a.png", "meningioma/b.png", "notumor/c.png", "masks/d.png")
        files = list_labelled_files(folder, names)
        assert [(file.label, file.label_name) for file in files] == [
            (0, "notumor"),
            (1, "glioma"),
            (1, "meningioma"),
        ]
        with pytest.raises(InputError, match="'pituitary' is neither a class with a tumor nor"):
            list_labelled_files(touch("pituitary/e.png"), names)

    def test_training_and_testing_folders_are_one_source_and_keep_their_part(self, touch):
        folder = touch("Testing/yes/a.png", "Testing/no/b.png", "Training/yes/a.png", "readme.txt")
        (folder / "Training/no").mkdir()
        (folder / "Training/no/d.png").touch()
        files = list_labelled_files(folder, YES)
        assert [(file.label, file.details["part"]) for file in files] == [
            (0, "Testing"),
            (1, "Testing"),
            (0, "Training"),
            (1, "Training"),
        ]

    def test_parts_beside_something_else_are_to_be_given_as_sources(self, touch):
        folder = touch("Train/yes/a.png", "val/no/b.png", "pred/c.png")
        parts = f"several sources: {folder}/Train {folder}/val$"
        with pytest.raises(InputError, match=f"'pred' is no part of a data set.*{parts}"):
            list_labelled_files(folder, YES)

    def test_missing_source_is_refused(self, tmp_path):
        with pytest.raises(InputError, match=r"gone: no such data; give a folder"):
            list_labelled_files(tmp_path / "gone", YES)

    def test_file_that_is_no_csv_is_refused(self, touch):
        with pytest.raises(InputError, match=r"a\.png: no such data"):
            list_labelled_files(touch("a.png") / "a.png", YES)


class TestCsv:
    def test_paths_are_relative_to_the_table_or_absolute(self, write_csv, tmp_path):
        table = write_csv("path,label\nsub/a.png,yes\n/elsewhere/b.png,no\n")
        assert list_labelled_files(table, YES) == [
            LabelledFile(tmp_path / "sub/a.png", 1, "yes"),
            LabelledFile(Path("/elsewhere/b.png"), 0, "no"),
        ]

    def test_order_of_the_table_is_kept(self, write_csv):
        table = write_csv("label,path\nyes,z.png\nno,m.png\nyes,a.png\n")
        assert list_names(table) == [("z.png", 1), ("m.png", 0), ("a.png", 1)]

    def test_patients_are_read_as_text_and_a_blank_is_none(self, write_csv):
        table = write_csv("path,label,patient_id\na.png,1,007\nb.png,0,\nc.png,0,NA\nd.png,0, \n")
        patients = [file.details.get("patient_id") for file in list_labelled_files(table, YES)]
        assert patients == ["007", None, "NA", None]

    def test_spaces_around_a_patient_do_not_make_another_one(self, write_csv):
        table = write_csv("path,label,patient_id\na.png,1,P1\nb.png,0, P1 \n")
        assert {file.details["patient_id"] for file in list_labelled_files(table, YES)} == {"P1"}

    def test_all_columns_are_kept_and_a_mask_is_found_from_the_table(self, write_csv, tmp_path):
        table = write_csv("path,label,mask,scanner\na.png,1,m/a.png,Siemens\nb.png,0,, \n")
        one, other = list_labelled_files(table, YES)
        assert one.details == {"mask": str(tmp_path / "m/a.png"), "scanner": "Siemens"}
        assert other.details == {}

    @pytest.mark.parametrize("positive", ["yes", "tumor"])
    def test_labels_may_be_0_and_1(self, write_csv, positive):
        table = write_csv("path,label\na.png,1\nb.png,0\n")
        assert list_names(table, positive) == [("a.png", 1), ("b.png", 0)]

    @pytest.mark.parametrize(
        ("one", "zero"),
        [("1", "0"), ("1.0", "0.0"), (" 1", "0 "), ("True", "False"), ("TRUE", "0")],
    )
    def test_numbers_and_truths_speak_for_themselves_unless_the_other_is_named(
        self, write_csv, one, zero
    ):
        table = write_csv(f"path,label\na.png,{one}\nb.png,{zero}\n")
        assert list_names(table) == [("a.png", 1), ("b.png", 0)]
        swapped = list_labelled_files(table, read_class_names(zero, one))
        assert [file.label for file in swapped] == [0, 1]

    @pytest.mark.parametrize("positive", ["0", "0.0", " 0"])
    def test_positive_0_makes_0_the_class_with_a_tumor(self, write_csv, positive):
        table = write_csv("path,label\na.png,1\nb.png,0\n")
        assert list_names(table, positive) == [("a.png", 0), ("b.png", 1)]

    def test_tables_made_on_windows_are_read(self, write_csv, tmp_path):
        table = write_csv("Path;Label;Mask\r\nimg\\a.png;Yes;m\\a.png\r\nimg\\b.png;No;\r\n")
        one, other = list_labelled_files(table, YES)
        assert one.path == tmp_path / "img" / "a.png"
        assert one.details == {"mask": str(tmp_path / "m" / "a.png")}
        assert (other.label, other.label_name) == (0, "No")

    def test_a_picture_is_one_whatever_plane_it_is_said_to_be_cut_along(self, write_csv, tmp_path):
        (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        table = write_csv("path,label,plane\na.png,yes,axial\na.png,yes,coronal\nb.png,no,\n")
        with pytest.raises(InputError, match=r"a\.png: listed twice \(rows 1 and 2\)"):
            list_labelled_files(table, YES)

    def test_positive_names_the_label_with_a_tumor(self, write_csv):
        table = write_csv("path,label\na.png,tumor\nb.png, healthy \n")
        assert list_names(table, "tumor") == [("a.png", 1), ("b.png", 0)]

    def test_labels_are_compared_without_case_as_folders_are(self, write_csv):
        table = write_csv("path,label\na.png,Yes\nb.png,No\n")
        assert list_names(table) == [("a.png", 1), ("b.png", 0)]

    def test_a_volume_may_be_cut_along_several_planes(self, write_csv):
        table = write_csv("path,label,plane\na,yes,axial\na,yes,coronal\nb,no,axial\n")
        assert list_names(table) == [("a", 1), ("a", 1), ("b", 0)]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_byte_order_mark_and_non_ascii_names_are_read(self, write_csv, encoding):
        table = write_csv("path,label\nYüz 脑.png,yes\nb.png,no\n", encoding)
        assert list_names(table) == [("Yüz 脑.png", 1), ("b.png", 0)]

    @pytest.mark.parametrize("end", [",", ",note"])
    def test_more_fields_than_columns_shift_nothing(self, write_csv, end):
        table = write_csv(f"path,label\na.png,yes{end}\nb.png,no{end}\n")
        assert list_names(table) == [("a.png", 1), ("b.png", 0)]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("file,label\na,yes\n", "table.csv: the column 'path' is missing"),
            ("path,class\na,yes\n", "table.csv: the column 'label' is missing"),
            ("path,label\na,yes\nb,no\nc,maybe\n", "table.csv: the label 'maybe' is neither"),
            ("path,label\na,yes\nb,no\nc,\n", "table.csv: the label '' is neither"),
            ("path,label\na,0\nb,1\nc,2\n", "table.csv: expected images of two classes"),
            ("path,label\na,1\n", "table.csv: expected images of two classes"),
            ("path,label\na,yes\n", "table.csv: expected images of two classes.* found yes"),
            ("path,label\n", "table.csv: .* found none"),
            ("path,label\na,yes\n,no\n", "table.csv: row 2: the column 'path' is empty"),
            (
                "path,label\na,yes\nb,no\n./a,yes\n",
                r"table.csv: ./a: listed twice \(rows 1 and 3\)",
            ),
            ("path,label,plane\na,yes,\na,yes,Axial\nb,no,\n", r"a: listed twice \(rows 1 and 2\)"),
            ("path,label,mask\na,yes,./a\nb,no,\n", "table.csv: a: named as its own mask"),
            ("", "table.csv: the column 'path' is missing; found none"),
            ('path,label\n"a,yes\n', "table.csv: not a readable CSV table"),
        ],
    )
    def test_unusable_table_is_refused_by_name(self, write_csv, text, message):
        with pytest.raises(InputError, match=message):
            list_labelled_files(write_csv(text), YES)

    def test_table_that_is_not_utf8_is_refused_by_name(self, write_csv):
        table = write_csv("path,label\nYüz.png,yes\nb.png,no\n", "latin-1")
        with pytest.raises(InputError, match=r"table\.csv: not a readable CSV table"):
            list_labelled_files(table, YES)


class TestKaggle:
    @pytest.fixture
    def kagglehub(self, monkeypatch):
        module = ModuleType("kagglehub")
        monkeypatch.setitem(sys.modules, "kagglehub", module)
        return module

    def test_without_kagglehub_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "kagglehub", None)
        with pytest.raises(MissingExtraError, match=r"pip install '\.\[kaggle\]'"):
            list_labelled_files("kaggle:owner/name", YES)

    def test_failed_download_tells_how_to_do_it_by_hand(self, kagglehub):
        def fail(dataset: str) -> str:
            raise OSError("no network: secret")

        kagglehub.dataset_download = fail
        message = (
            r"kaggle:owner/name: cannot be downloaded \(OSError\).*"
            r"https://www\.kaggle\.com/datasets/owner/name in a browser"
        )
        with pytest.raises(InputError, match=message):
            list_labelled_files("kaggle:owner/name", YES)

    @pytest.mark.usefixtures("kagglehub")
    @pytest.mark.parametrize("dataset", ["name", "a/b/c", ""])
    def test_name_without_owner_is_refused(self, dataset):
        with pytest.raises(InputError, match=f"kaggle:{dataset}: expected kaggle:owner/name"):
            list_labelled_files(f"kaggle:{dataset}", YES)

    def test_downloaded_folder_is_listed(self, kagglehub, touch):
        folder = touch("brain/yes/a.png", "brain/no/b.png")
        asked = []
        kagglehub.dataset_download = lambda dataset: asked.append(dataset) or str(folder)
        assert [f.label for f in list_labelled_files("kaggle:owner/name", YES)] == [0, 1]
        assert asked == ["owner/name"]

    def test_classes_beside_their_own_copy_are_taken_once(self, kagglehub, touch):
        """As the well-known Navoneel dataset comes."""
        folder = touch(
            "yes/a.png", "no/b.png", "brain_tumor_dataset/yes/a.png", "brain_tumor_dataset/no/b.png"
        )
        kagglehub.dataset_download = lambda _: str(folder)
        assert list_names("kaggle:owner/name") == [("b.png", 0), ("a.png", 1)]


class TestNames:
    def test_equal_last_parts_are_told_apart_by_as_many_parents_as_it_takes(self):
        names = name_sources(["/x/a/mri", "/y/a/mri", "/y/b/table.csv", "kaggle:ann/mri"])
        assert list(names) == ["x/a/mri", "y/a/mri", "table.csv", "ann/mri"]

    def test_relative_path_has_the_name_of_the_folder_it_means(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert list(name_sources(Path())) == [tmp_path.name]

    @pytest.mark.parametrize("twice", ["mri", "other/../mri", "mri/"])
    def test_source_given_twice_is_refused(self, twice):
        with pytest.raises(InputError, match="mri: given twice"):
            name_sources(["mri", "b", twice])

    def test_no_source_is_refused(self):
        with pytest.raises(InputError, match="no data"):
            name_sources([])
