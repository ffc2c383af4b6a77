import os
import pickle
import socket
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scan_files import make_dicom, make_nifti, make_series, make_zip
from tumorscope.errors import InputError
from tumorscope.scans import archive
from tumorscope.scans.find import find_scans
from tumorscope.scans.images import read_slice
from tumorscope.scans.scan import Scan, Unreadable


def encode_png(gray_hw: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(gray_hw).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def png(gray_hw) -> bytes:
    return encode_png(gray_hw)


def list_names(folder) -> list[str]:
    return [found.name.removeprefix(f"{folder}/") for found in find_scans(folder)]


class TestPortability:
    @pytest.mark.parametrize("name", ["a.png", "s.zip"])
    def test_a_picture_is_read_in_another_process_as_here(self, write_files, png, name):
        folder = write_files({"a.png": png, "s.zip": make_zip({"x.png": png, "y.png": png})})
        scans = list(find_scans(folder / name))
        for scan, copy in zip(scans, pickle.loads(pickle.dumps(scans)), strict=True):
            ((expected,), (given,)) = scan.read(), copy.read()
            assert scan.is_portable
            assert given.name == expected.name
            np.testing.assert_array_equal(given.image, expected.image)

    def test_an_archive_that_is_gone_is_named_when_it_is_read(self, write_files, png):
        folder = write_files({"gone.zip": make_zip({"x.png": png})})
        scans = pickle.dumps(list(find_scans(folder / "gone.zip")))
        (folder / "gone.zip").unlink()
        (scan,) = pickle.loads(scans)
        with pytest.raises(InputError, match=r"gone\.zip/x\.png: cannot be read: No such file"):
            list(scan.read())

    def test_volumes_and_the_standard_input_are_read_here(self, write_files, png, monkeypatch):
        folder = write_files({"a.nii": make_nifti(np.zeros((40, 40, 3), np.int16))})
        assert not next(find_scans(folder)).is_portable
        for data in (png, make_zip({"x.png": png})):
            monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(data)))
            (scan,) = find_scans("-")
            assert not scan.is_portable


class TestFolders:
    def test_all_formats_are_found_below_a_folder_whatever_their_endings(self, write_files, png):
        volume = np.arange(40 * 40 * 3, dtype=np.int16).reshape(40, 40, 3)
        first, second = (
            make_dicom(volume[..., index].copy(), SeriesInstanceUID=f"1.{index}")
            for index in range(2)
        )
        folder = write_files(
            {
                "a.txt": png,
                "b/IM1": first,
                "b/c/volume.dat": make_nifti(volume, is_packed=True),
                "d.zip": make_zip({"x/y.png": png, "x/IM1": second}),
            }
        )
        assert set(list_names(folder)) == {
            *("a.txt", "b/IM1", "b/c/volume.dat", "d.zip/x/y.png", "d.zip/x/IM1")
        }

    def test_image_is_what_the_reader_of_images_gives(self, write_files, png):
        folder = write_files({"a.png": png})
        (scan,) = find_scans(folder)
        (given,) = scan.read()
        np.testing.assert_array_equal(given.image, read_slice(folder / "a.png"))
        assert (given.name, given.series, given.index) == (str(folder / "a.png"), None, 0)

    def test_what_lies_beside_scans_is_passed_over(self, write_files, png):
        names = (
            "labels.csv",
            "README.md",
            "Thumbs.db",
            ".hidden.png",
            "DICOMDIR",
            "__MACOSX/a.png",
        )
        folder = write_files({"a.png": png, **dict.fromkeys(names, b"text")})
        assert list_names(folder) == ["a.png"]

    def test_what_should_be_a_scan_and_is_none_is_reported(self, write_files):
        folder = write_files({"a.png": b"text", "IM1": b"", "b.exe": b"MZ"})
        found = list(find_scans(folder))
        assert all(isinstance(one, Unreadable) and "no known format" in one.reason for one in found)
        assert len(found) == 3

    def test_empty_folder_is_reported(self, tmp_path):
        (found,) = find_scans(tmp_path)
        assert str(found).startswith(f"{tmp_path}: no image")

    def test_pipe_in_a_folder_is_passed_by_and_not_waited_for(self, write_files, png):
        folder = write_files({"a.png": png})
        os.mkfifo(folder / "pipe")
        assert list_names(folder) == ["a.png"]

    def test_link_to_nothing_is_reported(self, write_files, png):
        folder = write_files({"a.png": png})
        (folder / "b.png").symlink_to(folder / "gone.png")
        _, found = find_scans(folder)
        assert str(found) == f"{folder}/b.png: cannot be read: No such file or directory"

    def test_link_to_a_folder_is_reported_and_not_followed(self, write_files, png):
        folder = write_files({"a.png": png})
        (folder / "round").symlink_to(folder)
        found = {one.name.removeprefix(f"{folder}/"): one for one in find_scans(folder)}
        assert set(found) == {"a.png", "round"}
        assert str(found["round"]).endswith("round: a link to a folder; give that folder itself")

    def test_folder_that_cannot_be_listed_is_reported(self, write_files, png, monkeypatch):
        folder = write_files({"a.png": png, "b/c.png": png})
        scandir = os.scandir

        def refuse(path: str) -> object:
            if str(path).endswith("/b"):
                raise PermissionError(13, "Permission denied", str(path))
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refuse)
        _, found = find_scans(folder)
        assert str(found) == f"{folder}/b: cannot be read: Permission denied"

    def test_nothing_is_decoded_before_it_is_read(self, write_files, png):
        folder = write_files({"a.png": png[:60]})
        (scan,) = find_scans(folder)
        with pytest.raises(InputError, match=r"a\.png: not a readable"):
            list(scan.read())


class TestInputs:
    def test_files_given_one_by_one_make_a_series(self, write_files):
        volume = np.arange(40 * 40 * 3, dtype=np.int16).reshape(3, 40, 40)
        folder = write_files({f"IM{n}": data for n, data in enumerate(make_series(volume))})
        (scan,) = find_scans(sorted(folder.iterdir()))
        slices = list(scan.read())
        assert [given.index for given in slices] == [0, 1, 2]
        assert [int(given.image[0, 0, 0]) for given in slices] == [0, 85, 170]

    def test_file_of_another_content_is_reported_when_named(self, write_files):
        folder = write_files({"labels.csv": b"a,b"})
        (found,) = find_scans(folder / "labels.csv")
        assert str(found).startswith(f"{folder}/labels.csv: content of no known format")

    def test_missing_input_is_refused_at_once(self, tmp_path):
        with pytest.raises(InputError, match=r"gone: no such file or folder"):
            find_scans([tmp_path, tmp_path / "gone"])

    def test_what_is_neither_file_nor_folder_is_refused_at_once(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.relpath(tmp_path / "socket"))
        for path in (tmp_path / "pipe", tmp_path / "socket", "/dev/null"):
            with pytest.raises(InputError, match=f"{path}: neither a file nor a folder"):
                find_scans(path)

    @pytest.mark.parametrize("name", ["a" * 5000, "a\0b"])
    def test_impossible_name_is_refused_at_once(self, name):
        with pytest.raises(InputError, match="no such file or folder"):
            find_scans(name)

    @pytest.mark.parametrize(
        ("options", "message"),
        [({"plane": "axail"}, "did you mean 'axial'"), ({"volume": -1}, "counted from 0")],
    )
    def test_wrong_option_is_refused_at_once(self, tmp_path, options, message):
        with pytest.raises(InputError, match=message):
            find_scans(tmp_path, **options)

    def test_closed_standard_input_is_reported(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", None)
        (found,) = find_scans("-")
        assert str(found) == "stdin: is closed"

    def test_standard_input_is_read(self, png, monkeypatch, gray_hw):
        monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": BytesIO(png)}))
        (scan,) = find_scans("-")
        (given,) = scan.read()
        assert given.name == "stdin"
        np.testing.assert_array_equal(given.image[..., 0], gray_hw)


# An office document lists the types of its parts anywhere, OpenDocument says its own first.
DOCUMENTS = {
    "report.docx": {"word/media/image1.png": None, "[Content_Types].xml": b"<Types/>"},
    "slides.odp": {"mimetype": b"application/vnd.oasis.opendocument", "Pictures/1.png": None},
}


class TestDocuments:
    @pytest.mark.parametrize("name", DOCUMENTS)
    def test_pictures_of_a_document_are_no_scans(self, write_files, png, name):
        document = make_zip({part: data or png for part, data in DOCUMENTS[name].items()})
        archive = make_zip({"scan.png": png, "notes": document})
        folder = write_files({"a.zip": archive, "b.png": png, "c": document})
        found = [one.name.removeprefix(f"{folder}/") for one in find_scans(folder)]
        assert found == ["a.zip/scan.png", "b.png"]
        (named,) = find_scans(folder / "c")
        assert str(named).startswith(f"{folder}/c: a document; expected image")

    @pytest.mark.parametrize("start", [b"scans of the head", b""])
    def test_archive_of_scans_with_such_a_name_is_read(self, write_files, png, start):
        members = {"mimetype": start, "a/[Content_Types].xml": b"<Types/>", "scan.png": png}
        found = [type(one) for one in find_scans(write_files({"a.zip": make_zip(members)}))]
        assert Scan in found


class TestArchives:
    def test_of_many_archives_none_stays_open(self, write_files):
        values = np.arange(1600, dtype=np.uint16).reshape(40, 40)
        folder = write_files(
            {
                f"{index:02d}.zip": make_zip(
                    {"IM1": make_dicom(values, SeriesInstanceUID=f"1.{index}")}
                )
                for index in range(8)
            }
        )
        scans = list(find_scans(folder))
        opened = [one.resolve() for one in Path("/proc/self/fd").iterdir()]
        assert not [path for path in opened if path.is_relative_to(folder)]
        assert len([list(scan.read()) for scan in scans]) == 8

    def test_archive_that_is_gone_when_it_is_read_is_reported(self, write_files, png):
        folder = write_files({"a.zip": make_zip({"a.png": png})})
        (scan,) = find_scans(folder)
        (folder / "a.zip").unlink()
        with pytest.raises(InputError, match=r"a\.zip/a\.png: cannot be read: No such file"):
            list(scan.read())

    @pytest.mark.parametrize(
        ("member", "name"),
        [
            ("../../etc/a.png", "etc/a.png"),
            ("/etc/a.png", "etc/a.png"),
            ("x\\..\\a.png", "x/a.png"),
            ("a\x1b[31m.png", "a\N{REPLACEMENT CHARACTER}[31m.png"),
        ],
    )
    def test_tricky_path_is_made_a_name_below_the_archive(self, write_files, png, member, name):
        folder = write_files({"s.zip": make_zip({member: png})})
        (scan,) = find_scans(folder / "s.zip")
        (given,) = scan.read()
        assert given.name == f"{folder}/s.zip/{name}"

    @pytest.mark.parametrize("is_packed", [False, True])
    def test_volume_in_an_archive_is_what_the_file_is(self, write_files, is_packed):
        values = np.arange(40 * 41 * 3, dtype=np.int16).reshape(40, 41, 3)
        data = make_nifti(np.stack([values, values[::-1]], axis=-1), is_packed=is_packed)
        folder = write_files({"brain": data, "s.zip": make_zip({"brain": data})})
        alone, packed = (
            list(scan.read())
            for name in ("brain", "s.zip")
            for scan in find_scans(folder / name, volume=1)
        )
        for first, second in zip(alone, packed, strict=True):
            np.testing.assert_array_equal(first.image, second.image)

    @pytest.mark.slow
    def test_image_file_larger_than_any_slice_is_refused(self, write_files, png):
        folder = write_files({"s.zip": make_zip({"a.png": png + bytes(130 * 1024**2)})})
        (scan,) = find_scans(folder / "s.zip")
        with pytest.raises(InputError, match=r"a\.png: holds more than 128 MB"):
            list(scan.read())

    def test_archive_in_an_archive_is_refused(self, write_files, png):
        folder = write_files({"s.zip": make_zip({"t.zip": make_zip({"a.png": png}), "b.png": png})})
        found = {one.name[-5:]: one for one in find_scans(folder)}
        assert "archive inside" in found["t.zip"].reason
        assert list(found["b.png"].read())

    @pytest.mark.slow
    def test_bomb_is_refused_by_its_directory(self, write_files):
        data = make_zip({f"{n}.png": bytes(100_000_000) for n in range(3)})
        (found,) = find_scans(write_files({"bomb.zip": data}) / "bomb.zip")
        assert "would unpack to 286 MB" in found.reason

    def test_damaged_member_does_not_stop_the_others(self, write_files, png):
        data = bytearray(make_zip({"a.png": png, "b.png": png}))
        data[200:220] = bytes(20)
        damaged, good = find_scans(write_files({"s.zip": bytes(data)}) / "s.zip")
        assert "s.zip/a.png: not a readable file" in str(damaged)
        (given,) = good.read()
        assert given.name.endswith("s.zip/b.png")

    def test_member_damaged_further_on_is_refused_when_it_is_read(self, write_files):
        noise = np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)
        data = bytearray(make_zip({"a.png": encode_png(noise)}))
        data[-150:-130] = bytes(20)  # before the directory of the archive
        (scan,) = find_scans(write_files({"s.zip": bytes(data)}) / "s.zip")
        with pytest.raises(InputError, match=r"s\.zip/a\.png: not a readable file"):
            list(scan.read())

    @pytest.mark.parametrize("comment", [b"", b"a comment"])
    def test_directory_that_would_fill_the_memory_is_refused_before_it_is_read(
        self, write_files, png, monkeypatch, comment
    ):
        packed = make_zip({f"{n}.png": png for n in range(3)})
        data = packed[:-2] + len(comment).to_bytes(2, "little") + comment
        folder = write_files({"s.zip": data})
        assert len(list(find_scans(folder / "s.zip"))) == 3
        monkeypatch.setattr(archive, "_MAXIMUM_DIRECTORY_BYTES", 100)
        (found,) = find_scans(folder / "s.zip")
        assert "s.zip: lists its files in 153 bytes" in str(found)

    def test_directory_of_zip64_is_refused_before_it_is_read(self, write_files):
        record = b"PK\x06\x06" + (44).to_bytes(8, "little") + bytes(28)
        record += (10**12).to_bytes(8, "little") + bytes(8) + b"PK\x06\x07" + bytes(16)
        end = b"PK\x05\x06" + bytes(4) + b"\xff" * 12 + bytes(2)
        data = b"PK\x03\x04" + bytes(100) + record + end
        (found,) = find_scans(write_files({"s.zip": data}) / "s.zip")
        assert "lists its files in 1,000,000,000,000 bytes" in str(found)

    def test_empty_archive_is_reported(self, write_files):
        (found,) = find_scans(write_files({"s.zip": make_zip({})}) / "s.zip")
        assert "no image" in found.reason


@pytest.mark.slow
def test_images_are_read_without_the_readers_of_other_formats(write_files, png):
    folder = write_files({"a.png": png})
    code = (
        "import sys; from tumorscope.scans.find import find_scans\n"
        f"slices = [list(scan.read()) for scan in find_scans({str(folder)!r})]\n"
        "assert len(slices) == 1\n"
        "assert not {'pydicom', 'nibabel', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
