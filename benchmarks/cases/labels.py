"""Cases of labelled data: what is measured, what is left out, what is refused."""

from pathlib import Path

from benchmarks.cases.bench import Bench, demand, demand_refusal, expect
from tumorscope.dataset.manifest import read_manifest


@expect("Refused by evaluate, which names the inner folder; audit says the same")
def _class_in_class(bench: Bench) -> None:
    bench.refuse("data", words=["data/yes/no: a folder named as one class inside of the other"])
    demand("data/yes/no" in bench.run("audit", "data", "--out", "a", "-q").out, "audit is silent")


@expect(
    "Tables of Excel and Windows are read; wrong paths are named with what they are relative to"
)
def _csv_messages(bench: Bench) -> None:
    for name in ("windows", "semicolon", "tab", "upper"):
        found = bench.count(f"{name}.csv")
        demand(found == 2, f"{name}.csv: {found} slices of 2")
    words = ["pics/img/t0.png: cannot be read: No such file", "relative to the table"]
    bench.refuse("wrongbase.csv", words=words)
    named = bench.run("evaluate", bench.model, "wrongbase.csv", "--out", "out2").err
    demand("rejected.csv" not in named, "names a rejected.csv that is not written")


@expect("Refused by the name of the file and the numbers of its rows")
def _csv_row_twice(bench: Bench) -> None:
    bench.refuse("labels.csv", words=["t0.png: listed twice (rows 1 and 7)"])


@expect("Both evaluate and --resume refuse slices whose bytes have changed")
def _files_changed_after_start(bench: Bench) -> None:
    settings = ("training.epochs=1", "training.fine_tune_epochs=1")
    options = [part for one in settings for part in ("--set", one)]
    train = ["train", "data", "--out", "run", "--backbone", "efficientnetlite0", *options, "-q"]
    outcome = bench.run(*train)
    demand((bench.folder / "run" / "manifest.csv").exists(), outcome.error)
    for path in sorted((bench.folder / "data" / "yes").iterdir()):
        other = bench.folder / "data" / "no" / path.name
        mine, theirs = path.read_bytes(), other.read_bytes()
        path.write_bytes(theirs)
        other.write_bytes(mine)
    for command in (["evaluate", "run", "-q"], [*train, "--resume"]):
        demand_refusal(bench.run(*command), [".png", "changed"])


@expect("Every refusal gives the options that are needed, and these work")
def _kaggle_four_classes(bench: Bench) -> None:
    options = "--positive glioma,meningioma,pituitary --negative notumor"
    training = "data/Training"
    for given in (["data"], [training], [training, "--positive", "glioma"]):
        bench.refuse(*given, words=[options])
    bench.refuse(training, "--positive", "notumor", words=[options])
    counts = [bench.count(name, *options.split()) for name in (training, "data")]
    demand(counts == [4, 8], f"{counts} slices")


@expect("A linked folder is named in rejected.csv, and in the error where nothing else is left")
def _linked_class_subfolders(bench: Bench) -> None:
    link = bench.folder / "data" / "yes" / "glioma"
    if not link.is_symlink():  # a copy without links has its text in its place
        link.unlink()
        link.symlink_to("../../glioma")
    demand((count := bench.count("data")) == 6, f"{count} slices")
    reasons = {Path(row["path"]).name: row["reason"] for row in bench.read("out/rejected.csv")}
    demand("link" in reasons.get("glioma", ""), f"rejected: {reasons}")
    for path in (bench.folder / "data" / "yes").glob("own*.png"):
        path.unlink()
    bench.refuse("data", words=["data/yes/glioma: a link to a folder"])


@expect("Every file is measured, or named in rejected.csv")
def _other_suffixes_dropped(bench: Bench) -> None:
    count, rejected = bench.count("data"), bench.read("out/rejected.csv")
    demand(count + len(rejected) == 10, f"{count} measured and {len(rejected)} rejected of 10")


@expect("A patient of two tables is one group")
def _patient_in_two_sources(bench: Bench) -> None:
    manifest, _ = read_manifest([bench.folder / "train.csv", bench.folder / "test.csv"])
    groups = manifest.groupby("patient_id")["group"].nunique()
    demand((groups == 1).all() and manifest["group"].nunique() == 4, groups.to_dict())


@expect("The label 0 is the tumor")
def _positive_0_ignored(bench: Bench) -> None:
    bench.count("labels.csv", "--positive", 0)
    rows = bench.read("out/predictions.csv")
    wrong = [row["path"] for row in rows if (Path(row["path"]).name[0] == "t") != int(row["label"])]
    demand(
        not wrong and len(rows) == 12, f"{len(wrong)} of {len(rows)} slices have the wrong label"
    )
