"""Cases of scans: what is answered, and what is said of the rest."""

from collections.abc import Sequence

from benchmarks.cases.bench import Bench, Row, demand, expect, verdicts


@expect("Two volumes in one file are answered as the same images in files of their own")
def _enhanced_two_volumes(bench: Bench) -> None:
    one, many = (
        sorted(verdicts(bench.predict_series(name))) for name in ("enhanced.dcm", "classic")
    )
    demand(one == many == ["no tumor", "tumor"], f"{one}, as single files {many}")


@expect("The row of a series with gaps says so; a series without one says nothing")
def _missing_slices(bench: Bench) -> None:
    for name, has_gap in (("full", False), ("gap", True), ("sparse", True)):
        (row,) = bench.predict_series(name)
        demand(bool(row.get("note")) == has_gap, f"{name}: note {row.get('note')!r}")


@expect('No picture of several slices, one with a tumor, is answered with "no tumor"')
def _montage_as_one_slice(bench: Bench) -> None:
    names = ["sheet.png", "pair.png", "pair_tumor_left.png", "pair_tumor_right.png"]
    answers = {row["path"]: row["verdict"] for row in bench.predict(*names)}
    calmed = [name for name, verdict in answers.items() if verdict == "no tumor"]
    demand(not calmed, f"no tumor: {', '.join(calmed)}")


@expect("The row of a series says that one volume of several was answered, or the tumor is found")
def _nifti_4d_first_volume_only(bench: Bench) -> None:
    (*_, row) = bench.predict_series("four_d.nii.gz")
    demand(row["verdict"] == "tumor" or "volume" in row.get("note", ""), row)
    demand("tumor" in verdicts(bench.predict_series("four_d.nii.gz", "--volume", 1)), "volume 1")


@expect("A normal head is no tumor")
def _normal_head_axial(bench: Bench) -> None:
    _check_normal(bench.predict_series("ch2_2mm.nii.gz"))


@expect("A normal head is no tumor")
def _normal_head_sagittal(bench: Bench) -> None:
    _check_normal(bench.predict_series("hfs_t1_sag.nii.gz", "--plane", "sagittal"))


def _check_normal(rows: Sequence[Row]) -> None:
    demand("tumor" not in verdicts(rows), "a normal head is called a tumor")


@expect("Direction cosines that differ in the sixth digit are one series")
def _orientation_rounding(bench: Bench) -> None:
    exact, jitter = (verdicts(bench.predict_series(name)) for name in ("exact", "jitter"))
    demand(len(jitter) == 1 and exact == jitter, f"{jitter}, exact {exact}")


@expect("Each patient has a series of their own")
def _two_patients_one_series_uid(bench: Bench) -> None:
    rows = bench.predict_series("patA", "patB")
    owners = sorted(row["path"].split("/")[0] for row in rows)
    demand(owners == ["patA", "patB"], f"series {[row['path'] for row in rows]}")
