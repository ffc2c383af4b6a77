from tumorscope.report.figure_rows import (
    Estimate,
    describe_conformal,
    describe_figures,
    describe_headline_figures,
)

NAMES = (
    *("accuracy", "balanced_accuracy", "precision", "sensitivity", "specificity"),
    *("f1", "auroc", "average_precision", "brier", "log_loss"),
)


def plain(text: str) -> str:
    """Put a space for a space that does not break, and a hyphen for a dash."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{EN DASH}", "-")


def read(estimate: Estimate) -> tuple[str, str]:
    return plain(estimate.value), plain(estimate.interval)


def count(value: float | None, interval: list[float] | None) -> dict:
    return {
        **dict.fromkeys(NAMES, value),
        "intervals": dict.fromkeys(NAMES, interval),
    }


SUMMARY = {**count(0.9125, [0.85, 0.955]), "per_group": count(0.5, None)}


def test_every_figure_stands_with_both_ways_of_counting_and_its_interval():
    rows = {row.name: row for row in describe_figures(SUMMARY)}
    assert len(rows) == 10
    accuracy, auroc = rows["Accuracy"], rows["AUROC"]
    assert read(accuracy.by_slice) == ("91.2 %", "85.0-95.5 %")
    assert read(accuracy.by_group) == ("50.0 %", "")
    assert read(auroc.by_slice) == ("0.912", "0.850-0.955")
    assert [row.name for row in describe_headline_figures(SUMMARY)] == [
        "Accuracy", "Sensitivity (recall)", "Specificity", "Balanced accuracy", "AUROC"
    ]  # fmt: skip


def test_figure_that_is_undefined_is_said_to_be():
    summary = {**count(None, None), "per_group": count(None, None)}
    assert {row.by_slice.value for row in describe_figures(summary)} == {"undefined"}


def test_conformal_shares_stand_with_their_groups():
    share = {"groups": 12, "share": 0.95, "interval": [0.8, 0.99]}
    nothing = {"groups": 0, "share": None, "interval": None}
    rows = describe_conformal(
        {
            "coverage": {"no_tumor": share, "tumor": share},
            "verdicts": {"uncertain": share, "wrong_of_certain": nothing},
        }
    )
    assert [(name, plain(value.value), groups) for name, value, groups in rows] == [
        ("Tumor: set holds the truth", "95.0 %", "12 groups"),
        ("No tumor: set holds the truth", "95.0 %", "12 groups"),
        ("Verdict uncertain", "95.0 %", "12 groups"),
        ("Wrong among the other verdicts", "undefined", "0 groups"),
    ]
