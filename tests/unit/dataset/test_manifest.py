import os
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.checksum import compute_sha256
from tumorscope.dataset.manifest import (
    COLUMNS,
    REJECTED_FILE,
    name_rejected,
    read_manifest,
    write_table,
)
from tumorscope.errors import InputError


@pytest.fixture
def two_classes(tmp_path, write_slice):
    """Three slices of each class, all different: no/0.png .. 2.png, yes/0.png .. 2.png."""
    for label, name in enumerate(("no", "yes")):
        for index in range(3):
            write_slice(tmp_path / name / f"{index}.png", 20 + 100 * label + index)
    return tmp_path


class TestReadManifest:
    def test_describes_each_slice(self, image_folder):
        manifest, rejected = read_manifest(image_folder)
        assert tuple(manifest.columns) == COLUMNS
        assert manifest["label"].tolist() == [0] * 8 + [1] * 8
        assert manifest["label_name"].tolist() == ["no"] * 8 + ["yes"] * 8
        assert manifest["path"].tolist() == sorted(manifest["path"])
        assert manifest["group"].tolist() == list(range(16))
        assert rejected.empty
        assert list(rejected.columns) == ["path", "reason"]
        first = manifest.iloc[0]
        assert first["sha256"] == compute_sha256(image_folder / "no" / first["path"].split("/")[-1])

    def test_two_readings_are_equal(self, image_folder):
        pd.testing.assert_frame_equal(
            read_manifest(image_folder)[0], read_manifest(image_folder)[0]
        )

    def test_width_and_height_are_those_of_the_upright_slice(self, two_classes):
        exif = Image.Exif()
        exif[274] = 6
        pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(two_classes / "no" / "9.jpg", exif=exif)
        row = read_manifest(two_classes)[0].set_index("path").loc[str(two_classes / "no/9.jpg")]
        assert (row["width"], row["height"]) == (40, 60)

    def test_unreadable_files_are_rejected_and_the_rest_goes_on(self, two_classes, caplog):
        (two_classes / "no" / "1b.png").write_bytes(b"no image")
        (two_classes / "yes" / "empty.jpg").touch()
        (two_classes / "yes" / "broken link.png").symlink_to(two_classes / "gone.png")
        manifest, rejected = read_manifest(two_classes)
        assert len(manifest) == 6
        assert rejected["path"].tolist() == [
            str(two_classes / "no" / "1b.png"),
            str(two_classes / "yes" / "broken link.png"),
            str(two_classes / "yes" / "empty.jpg"),
        ]
        unknown = "content of no known format"
        assert rejected["reason"].str.startswith(unknown).tolist() == [True, False, True]
        assert f"left out 3 of 9 files, such as {rejected['path'][0]}: {unknown}" in caplog.text
        assert REJECTED_FILE not in caplog.text  # which nobody has written yet

    def test_linked_folders_are_rejected_and_a_class_of_nothing_else_is_told_so(self, two_classes):
        (two_classes / "yes").rename(two_classes / "glioma")
        (two_classes / "yes").mkdir()
        (two_classes / "yes" / "glioma").symlink_to(two_classes / "glioma")
        with pytest.raises(InputError, match=r"found 0 with and 3 .*yes/glioma: a link to a fol"):
            read_manifest(two_classes)
        shutil.copy(two_classes / "glioma" / "0.png", two_classes / "yes" / "0.png")
        manifest, rejected = read_manifest(two_classes)
        assert len(manifest) == 4
        assert rejected["path"].tolist() == [str(two_classes / "yes" / "glioma")]

    def test_missing_file_of_a_table_is_rejected(self, two_classes):
        table = two_classes / "table.csv"
        table.write_text("path,label\nyes/0.png,yes\nno/0.png,no\nno/gone.png,no\nyes,no\n")
        manifest, rejected = read_manifest(table)
        assert len(manifest) == 2
        assert rejected["reason"].tolist() == [
            "a folder that holds what other rows name; name either",
            "cannot be read: No such file or directory",
        ]

    def test_progress_counts_every_file(self, two_classes):
        (two_classes / "no" / "bad.png").touch()
        seen = []
        read_manifest(two_classes, on_progress=lambda *report: seen.append(report))
        assert seen == [
            *(("reading slices", done, 7) for done in range(1, 8)),
            ("looking for copies", 6, 6),
        ]

    def test_class_without_a_readable_slice_is_refused(self, two_classes):
        for file in (two_classes / "yes").iterdir():
            file.write_bytes(b"no image")
        with pytest.raises(InputError, match="found 0 with and 3 without a tumor"):
            read_manifest(two_classes)

    def test_no_readable_slice_at_all_is_refused(self, two_classes):
        for file in two_classes.rglob("*.png"):
            file.write_bytes(b"no image")
        with pytest.raises(InputError, match="found 0 with and 0 without a tumor"):
            read_manifest(two_classes)

    def test_same_bytes_in_both_classes_are_refused_with_both_names(self, two_classes):
        shutil.copy(two_classes / "no" / "1.png", two_classes / "yes" / "copy.png")
        with pytest.raises(InputError, match=r"1 file\(s\) .*no/1\.png and .*yes/copy\.png"):
            read_manifest(two_classes)

    def test_a_changed_copy_in_the_other_class_is_said(self, image_folder, tmp_path, caplog):
        shutil.copytree(image_folder, tmp_path / "data", ignore=shutil.ignore_patterns("masks"))
        original = min((tmp_path / "data" / "yes").iterdir())
        with Image.open(original) as image:
            image.convert("L").save(tmp_path / "data" / "no" / "copy.jpg", quality=70)
        read_manifest(tmp_path / "data")
        (said,) = (text for text in caplog.messages if "both labels" in text)
        assert f"2 slices in 1 groups of copies have both labels, such as {original} and" in said

    def test_same_bytes_in_one_class_share_a_group(self, two_classes):
        shutil.copy(two_classes / "no" / "2.png", two_classes / "no" / "0 copy.png")
        groups = read_manifest(two_classes)[0].set_index("path")["group"]
        assert groups[str(two_classes / "no/0 copy.png")] == groups[str(two_classes / "no/2.png")]
        assert groups.nunique() == 6

    def test_slices_of_a_patient_share_a_group_across_classes(self, two_classes):
        table = two_classes / "table.csv"
        table.write_text(
            "path,label,patient_id\nno/0.png,no,7\nyes/0.png,yes,7\nno/1.png,no,\nyes/1.png,yes,\n"
        )
        manifest, _ = read_manifest(table)
        assert manifest["group"].tolist() == [0, 0, 1, 2]
        assert manifest["patient_id"].iloc[0] == "7"

    def test_a_class_that_no_source_has_is_refused_beside_others(self, two_classes):
        with pytest.raises(InputError, match="no source has images of the class 'yess'"):
            read_manifest(two_classes, "yes,yess")

    def test_columns_of_a_table_are_kept_and_ours_are_not_overwritten(self, two_classes):
        table = two_classes / "table.csv"
        table.write_text(
            "path,label,group,scanner,slice,sequence,source\n"
            "no/0.png,no,A,x,3,T1,one\nyes/0.png,yes,B,,,T2,two\n"
        )
        manifest, _ = read_manifest(table)
        assert manifest.columns.tolist() == [
            *COLUMNS[:-1], "source", "sequence", "slice", "group of the data", "scanner", "group",
        ]  # fmt: skip
        assert manifest["source"].tolist() == ["one", "two"]
        assert manifest["group of the data"].tolist() == ["A", "B"]
        assert manifest["slice"].iloc[0] == 3
        assert manifest[["slice", "scanner"]].iloc[1].isna().all()

    def test_place_in_a_series_is_a_number(self, two_classes):
        table = two_classes / "table.csv"
        table.write_text("path,label,slice\nno/0.png,no,3\nyes/0.png,yes,IM4\n")
        with pytest.raises(InputError, match=r"yes/0\.png: the column 'slice' .* not 'IM4'"):
            read_manifest(table)

    def test_patients_are_told_apart_by_their_ids_and_not_by_pictures(self, image_folder, tmp_path):
        for name in ("yes", "no"):
            shutil.copy(min((image_folder / name).iterdir()), tmp_path / f"{name}.png")
        with Image.open(tmp_path / "no.png") as image:
            image.convert("L").save(tmp_path / "copy.jpg", quality=70)
        table = tmp_path / "table.csv"
        rows = "yes.png,yes,3\nno.png,no,{}\ncopy.jpg,no,{}\n"
        for ids, groups in ((("1", "2"), [0, 1, 2]), (("1", ""), [0, 1, 1])):
            table.write_text("path,label,patient_id\n" + rows.format(*ids))
            assert read_manifest(table)[0]["group"].tolist() == groups

    def test_a_class_without_a_readable_slice_is_refused_with_the_reason(self, two_classes):
        table = two_classes / "table.csv"
        table.write_text("path,label\nno/0.png,no\nyes/gone.png,yes\nyes/too.png,yes\n")
        reason = (
            "found 0 with and 1 .*; left out: .*yes/gone.png: cannot be read: .* .and 1 more.; "
            "paths are relative to the table"
        )
        with pytest.raises(InputError, match=reason):
            read_manifest(table)


class TestSeveralSources:
    @pytest.fixture
    def two_sources(self, tmp_path, image_folder):
        """The same name in two folders: mri of six slices, other/mri of six others."""
        for folder, numbers in (("mri", range(3)), ("other/mri", range(3, 6))):
            for name in ("no", "yes"):
                files = sorted((image_folder / name).iterdir())
                (tmp_path / folder / name).mkdir(parents=True)
                for number in numbers:
                    shutil.copy(files[number], tmp_path / folder / name / f"{number}.png")
        return [tmp_path / "mri", tmp_path / "other" / "mri"]

    def test_all_are_read_and_each_slice_names_its_source(self, two_sources):
        manifest, _ = read_manifest(two_sources)
        assert manifest.columns.tolist() == [*COLUMNS[:-1], "source", "group"]
        names = [f"{two_sources[0].parent.name}/mri", "other/mri"]
        assert manifest["source"].tolist() == [names[0]] * 6 + [names[1]] * 6
        assert manifest["group"].nunique() == 12
        alone = read_manifest(two_sources[1])[0]
        of_second = manifest[6:].drop(columns=["source", "group"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(of_second, alone.drop(columns="group"))

    def test_one_in_a_list_is_as_if_alone(self, two_sources):
        pd.testing.assert_frame_equal(
            read_manifest(two_sources[:1])[0], read_manifest(two_sources[0])[0]
        )

    def test_mirrored_and_compressed_copy_in_another_source_is_in_its_group(self, two_sources):
        original = two_sources[0] / "yes" / "1.png"
        with Image.open(original) as image:
            copy = image.convert("L").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        copy.save(two_sources[1] / "yes" / "copy.jpg", quality=70)
        groups = read_manifest(two_sources)[0].set_index("path")["group"]
        assert groups[str(two_sources[1] / "yes/copy.jpg")] == groups[str(original)]
        assert groups.nunique() == 12

    @pytest.fixture
    def tables(self, two_sources):
        """A table of patient 7 in each of the two folders."""
        tables = []
        for folder, number in zip(two_sources, (0, 3), strict=True):
            tables.append(folder / "table.csv")
            rows = "".join(f"{name}/{number}.png,{name},7\n" for name in ("no", "yes"))
            tables[-1].write_text(f"path,label,patient_id\n{rows}")
        return tables

    def test_patients_of_two_sources_are_one_by_their_number_unless_told_otherwise(self, tables):
        assert read_manifest(tables)[0]["group"].tolist() == [0, 0, 0, 0]
        apart = read_manifest(tables, separate_patients=True)[0]
        assert apart["group"].tolist() == [0, 0, 1, 1]
        assert apart["patient_id"].iloc[[0, 2]].tolist() == [
            f"{name}/7" for name in apart["source"].iloc[[0, 2]]
        ]

    def test_one_of_several_may_hold_a_single_class(self, two_sources):
        shutil.rmtree(two_sources[1] / "yes")
        manifest, _ = read_manifest(two_sources)
        assert manifest["label"].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0]
        shutil.rmtree(two_sources[0] / "yes")
        with pytest.raises(InputError, match="found 0 with and 6 without a tumor"):
            read_manifest(two_sources)

    def test_file_of_two_sources_is_refused_with_both_names(self, two_sources):
        table = two_sources[0] / "some.csv"
        table.write_text("path,label\nyes/0.png,yes\nno/0.png,no\n")
        with pytest.raises(InputError, match=r"/0\.png: listed by both mri and some\.csv; give"):
            read_manifest([two_sources[0], table])

    def test_same_bytes_in_both_classes_of_two_sources_are_refused(self, two_sources):
        shutil.copy(two_sources[0] / "no" / "1.png", two_sources[1] / "yes" / "copy.png")
        with pytest.raises(InputError, match=r"no/1\.png and .*other/mri/yes/copy\.png"):
            read_manifest(two_sources)


class TestNameRejected:
    def test_the_file_is_named_if_anything_stands_in_it(self, tmp_path, caplog):
        name_rejected(tmp_path, pd.DataFrame({"path": [], "reason": []}))
        assert not caplog.messages
        name_rejected(tmp_path, pd.DataFrame({"path": ["a"], "reason": ["b"]}))
        assert caplog.messages == [f"the files that were left out: {tmp_path / REJECTED_FILE}"]


class TestWriteTable:
    def test_is_read_back(self, tmp_path):
        table = pd.DataFrame({"path": ["a,b.png", 'c"d.png', "脑\n.png"], "label": [0, 1, 1]})
        write_table(tmp_path / "new" / "table.csv", table)
        pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "new" / "table.csv"), table)
        assert b"\r" not in (tmp_path / "new" / "table.csv").read_bytes()

    def test_name_that_is_not_utf8_is_written_and_found_again(self, two_classes):
        """As it comes out of archives made on other systems."""
        name = os.fsdecode(os.fsencode(two_classes / "no") + b"/Y\xfcz.png")
        shutil.copy(two_classes / "no" / "1.png", name)
        (two_classes / "no" / "1.png").unlink()
        manifest, _ = read_manifest(two_classes)
        assert len(manifest) == 6
        write_table(two_classes / "manifest.csv", manifest)
        assert (two_classes / "manifest.csv").stat().st_size > 0
