import random
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import ImplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from scan_files import make_dicom, make_item, make_series, write_dataset
from tumorscope.scans.find import find_scans
from tumorscope.scans.scan import Unreadable

SAGITTAL = (0, 1, 0, 0, 0, -1)


def make_volume(slices: int = 6, side_px: int = 40) -> np.ndarray:
    """Slices whose brightness tells their place."""
    ramp = np.arange(side_px**2, dtype=np.uint16).reshape(1, side_px, side_px)
    return ramp + 1000 * np.arange(slices, dtype=np.uint16).reshape(-1, 1, 1)


def read_folder(folder):
    scans = [found for found in find_scans(folder) if not isinstance(found, Unreadable)]
    return {scan.name.removeprefix(f"{folder}/"): list(scan.read()) for scan in scans}


def read_only(folder):
    """The slices of a folder that holds one series."""
    (slices,) = read_folder(folder).values()
    return slices


def assert_rising(slices, count=6):
    """All slices are there and in order, as `make_volume` makes them."""
    assert len(slices) == count
    assert (np.diff([given.image.mean() for given in slices]) > 0).all()


def shuffle_names(files, prefix="IM"):
    names = [f"{prefix}{number}" for number in range(len(files))]
    random.Random(4).shuffle(names)
    return dict(zip(names, files, strict=True))


def name_files(files):
    return {f"IM{number}": data for number, data in enumerate(files)}


def encode(data, syntax):
    """The same instance, compressed or written otherwise."""
    dataset = dcmread(BytesIO(data))
    if syntax == ImplicitVRLittleEndian:
        dataset.file_meta.TransferSyntaxUID = syntax
    else:
        dataset.compress(syntax, generate_instance_uid=False)
    return write_dataset(dataset)


WINDOW = {"WindowCenter": 7000, "WindowWidth": 14_000}


class TestOrder:
    def test_slices_follow_their_positions_whatever_their_names_and_numbers(self, write_files):
        files = make_series(make_volume(), InstanceNumber=1, **WINDOW)
        ((name, slices),) = read_folder(write_files(shuffle_names(files))).items()
        assert name == "series 3"
        assert_rising(slices)
        assert [given.index for given in slices] == list(range(6))
        assert {given.series for given in slices} == {slices[0].series}

    def test_without_positions_the_instance_numbers_count(self, write_files):
        files = [
            make_dicom(values, InstanceNumber=number, **WINDOW)
            for number, values in enumerate(make_volume(12))
        ]
        assert_rising(read_only(write_files(shuffle_names(files))), 12)

    def test_without_numbers_the_names_count_as_people_read_them(self, write_files):
        files = {
            f"IM{number}": make_dicom(values, **WINDOW)
            for number, values in enumerate(make_volume(12))
        }
        slices = read_only(write_files(files))
        assert [given.name.rpartition("IM")[2] for given in slices] == [*map(str, range(12))]

    def test_where_one_position_is_missing_the_instance_numbers_count(self, write_files):
        files = make_series(make_volume(), **WINDOW)
        files[2] = make_dicom(make_volume()[2], InstanceNumber=3, **WINDOW)
        assert_rising(read_only(write_files(shuffle_names(files))))

    @pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), SAGITTAL, (0.8, 0.6, 0, 0, 0, -1)])
    def test_position_is_taken_along_the_normal(self, write_files, orientation):
        files = make_series(make_volume(), orientation=orientation, InstanceNumber=None, **WINDOW)
        assert_rising(read_only(write_files(shuffle_names(files))))

    def test_slices_know_how_far_apart_they_lie(self, write_files):
        files = make_series(make_volume(), spacing_mm=2.5, orientation=(0.8, 0.6, 0, 0, 0, -1))
        positions = [given.position_mm for given in read_only(write_files(name_files(files)))]
        np.testing.assert_allclose(np.diff(positions), 2.5)

    def test_absurd_positions_are_no_positions(self, write_files):
        files = [
            make_dicom(
                values,
                InstanceNumber=number,
                ImagePositionPatient=[1e300, 1e300, 1e300],
                ImageOrientationPatient=[1e300, 0, 0, 0, 1e300, 0],
                **WINDOW,
            )
            for number, values in enumerate(make_volume())
        ]
        assert_rising(read_only(write_files(shuffle_names(files))))


class TestMixed:
    def test_series_in_one_folder_are_told_apart(self, write_files):
        first = make_series(make_volume(4), SeriesInstanceUID="1.1", SeriesNumber=1)
        second = make_series(make_volume(5), SeriesInstanceUID="1.2", SeriesNumber=2)
        found = read_folder(write_files(shuffle_names([*first, *second])))
        assert {name: len(slices) for name, slices in found.items()} == {
            "series 1": 4,
            "series 2": 5,
        }

    def test_localizers_of_another_plane_or_size_are_series_of_their_own(self, write_files):
        files = [
            *make_series(make_volume(5)),
            *make_series(make_volume(3), orientation=SAGITTAL),
            *make_series(make_volume(2, side_px=64)),
        ]
        found = read_folder(write_files(shuffle_names(files)))
        assert sorted(len(slices) for slices in found.values()) == [2, 3, 5]
        assert sorted(found) == ["series 3", "series 3 (2)", "series 3 (3)"]

    def test_second_image_at_a_position_belongs_to_a_second_volume(self, write_files):
        files = shuffle_names([*make_series(make_volume(4)), *make_series(make_volume(4) // 2)])
        position = {name: number % 4 for number, name in enumerate(files)}
        found = read_folder(write_files(files))
        assert [
            [position[Path(given.name).name] for given in slices] for slices in found.values()
        ] == [[0, 1, 2, 3]] * 2

    @pytest.mark.parametrize("missing", [0, 2, 5])
    def test_no_slice_of_another_echo_fills_a_hole(self, write_files, missing):
        early = make_series(make_volume(6), EchoTime=20, **WINDOW)
        late = make_series(make_volume(6) // 2, EchoTime=90, **WINDOW)
        del early[missing]
        found = read_folder(write_files(shuffle_names([*early, *late])))
        assert sorted(len(slices) for slices in found.values()) == [5, 6]
        for slices in found.values():
            brightest = [int(given.image.max()) for given in slices]
            assert brightest == sorted(brightest)

    def test_what_differs_from_slice_to_slice_divides_nothing(self, write_files):
        files = [
            make_series(make_volume(), AcquisitionNumber=number, EchoTime=20 + number / 100)[number]
            for number in range(6)
        ]
        assert_rising(read_only(write_files(shuffle_names(files))))

    def test_series_over_several_folders_is_one(self, write_files):
        files = {f"{index}/IM": data for index, data in enumerate(make_series(make_volume()))}
        assert_rising(read_only(write_files(files)))

    @pytest.mark.parametrize("element", ["StudyInstanceUID", "FrameOfReferenceUID"])
    def test_studies_of_one_series_uid_are_told_apart(self, write_files, element):
        volume, other = make_volume(6), make_volume(5) // 2
        files = {f"a/{n}": one for n, one in enumerate(make_series(volume, **{element: "1.7"}))}
        second = make_series(other, spacing_mm=2.1, **{element: "1.8"})
        files |= {f"b/{n}": one for n, one in enumerate(second)}
        found = read_folder(write_files(files))
        assert {
            name: {Path(one.name).parent.name for one in slices} for name, slices in found.items()
        } == {
            "a/series 3": {"a"},
            "b/series 3": {"b"},
        }

    def test_frames_of_several_volumes_are_scans_of_their_own(self, write_files):
        volume = make_volume(3)
        weighted = [(0, z) for z in (0, 5, 10)] + [(1000, z) for z in (0, 5, 10)]
        data = make_dicom(
            np.concatenate([volume, volume // 4]),
            SharedFunctionalGroupsSequence=make_item(
                PlaneOrientationSequence=make_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
            ),
            PerFrameFunctionalGroupsSequence=[
                make_item(
                    PlanePositionSequence=make_item(ImagePositionPatient=[0, 0, z]),
                    MRDiffusionSequence=make_item(DiffusionBValue=b),
                )[0]
                for b, z in weighted
            ],
        )
        found = read_folder(write_files({"two.dcm": data}))
        assert list(found) == ["two.dcm", "two.dcm (2)"]
        first, second = found.values()
        assert [one.name[-3:] for one in first + second] == [
            "000",
            "001",
            "002",
            "003",
            "004",
            "005",
        ]
        assert [one.index for one in second] == [0, 1, 2]
        assert {one.series.rpartition("/")[2] for one in second} == {"two.dcm (2)"}
        # The second is a quarter as bright, and has a window of its own.
        for one, other in zip(first, second, strict=True):
            np.testing.assert_allclose(one.image.astype(int), other.image.astype(int), atol=1)

    def test_lone_image_is_no_series(self, write_files):
        ((name, (given,)),) = read_folder(
            write_files({"a.dcm": make_dicom(make_volume()[0])})
        ).items()
        assert name == "a.dcm"
        assert given.series is None


class TestCopiesAndDamage:
    def test_copy_is_reported_and_read_once(self, write_files):
        files = dict(enumerate(make_series(make_volume(3))))
        folder = write_files({**{f"IM{n}": data for n, data in files.items()}, "again": files[1]})
        found = list(find_scans(folder))
        (copy,) = [one for one in found if isinstance(one, Unreadable)]
        assert {copy.name[-5:], copy.reason[:9]} <= {"again", "a copy of", "y/IM1"}
        assert_rising(read_only(folder), 3)

    def test_many_images_of_one_instance_are_each_read_once_more(self, write_files, monkeypatch):
        files = [
            make_dicom(values, SOPInstanceUID="1.9", ImageComments=str(number))
            for number, values in enumerate(make_volume(40))
        ]
        opened = Counter()
        open_path = Path.open

        def count(path: Path, *arguments: str) -> object:
            opened[path] += 1
            return open_path(path, *arguments)

        folder = write_files(shuffle_names(files))
        monkeypatch.setattr(Path, "open", count)
        (scan,) = find_scans(folder)
        assert not isinstance(scan, Unreadable)
        assert set(opened.values()) == {3}  # its format, its header, its pixels

    @pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, ImplicitVRLittleEndian])
    def test_copy_in_another_encoding_is_one_too(self, write_files, syntax):
        files = make_series(make_volume(3), **WINDOW)
        folder = write_files({**name_files(files), "again": encode(files[1], syntax)})
        (copy,) = [one for one in find_scans(folder) if isinstance(one, Unreadable)]
        assert copy.reason.startswith("a copy of")
        assert_rising(read_only(folder), 3)

    @pytest.mark.parametrize("elements", [{"ImagePositionPatient": [0, 0, 2]}, {"EchoTime": 90}])
    def test_the_same_pixels_elsewhere_or_otherwise_measured_are_no_copy(
        self, write_files, elements
    ):
        said = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [0, 0, 0]}
        said |= {"SOPInstanceUID": "1.9", "EchoTime": 20}
        files = [make_dicom(make_volume()[0], **one) for one in (said, said | elements)]
        found = list(find_scans(write_files(name_files(files))))
        assert not [one for one in found if isinstance(one, Unreadable)]

    def test_another_image_of_the_same_instance_is_read(self, write_files):
        files = make_series(make_volume(), SOPInstanceUID="1.9")
        assert_rising(read_only(write_files(shuffle_names(files))))

    def test_damaged_slice_does_not_stop_the_others(self, write_files):
        files = {f"IM{n}": data for n, data in enumerate(make_series(make_volume(4)))}
        folder = write_files(files)
        (scan,) = find_scans(folder)
        (folder / "IM2").write_bytes(files["IM2"][:-500])  # after it has been found
        given = list(scan.read())
        assert [isinstance(one, Unreadable) for one in given] == [False, False, True, False]
        assert given[2].name == str(folder / "IM2")
        assert "truncated" in given[2].reason

    def test_noise_that_the_window_of_a_series_shows_black_stays_black(self, write_files):
        volume = make_volume(3)
        volume[2] = np.random.default_rng(0).integers(0, 9, volume[2].shape)
        files = make_series(volume, **WINDOW)
        slices = read_only(write_files(shuffle_names(files)))
        assert slices[1].image.any()
        assert not slices[2].image.any()
        (alone,) = read_only(write_files({"alone/IM": files[2]}) / "alone")
        assert alone.image.max() == 255

    def test_without_a_window_one_holds_for_the_whole_series(self, write_files):
        volume = make_volume(6)
        volume[0] = np.random.default_rng(0).integers(0, 9, volume[0].shape)
        files = make_series(volume)
        slices = read_only(write_files(shuffle_names(files)))
        assert slices[0].image.max() < 5  # noise of air is no brain
        assert_rising(slices)

    def test_air_in_a_series_is_given(self, write_files):
        volume = make_volume(3)
        volume[0] = 5
        slices = read_only(write_files(shuffle_names(make_series(volume))))
        assert (slices[0].image == 0).all()


def test_a_scan_knows_its_files_in_order_and_whether_they_are_a_segmentation(write_files):
    files = dict(zip(("c", "a", "b"), make_series(make_volume(3)), strict=True))
    segmentation = make_dicom(
        make_volume(1)[0], SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", SeriesInstanceUID="1.9"
    )
    folder = write_files({**files, "seg": segmentation})
    series, other = find_scans(folder)
    assert [Path(member.name).name for member in series.members] == ["c", "a", "b"]
    assert [Path(member.name).name for member in other.members] == ["seg"]
    assert (series.is_segmentation, other.is_segmentation) == (False, True)
