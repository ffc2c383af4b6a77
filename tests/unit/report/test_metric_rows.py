from tumorscope.evaluation.metrics import compute_metrics
from tumorscope.report.metric_rows import describe_counts, describe_headline, describe_metrics


def test_the_headline_has_five_figures_with_counts(metrics):
    assert [row.name for row in describe_headline(metrics)] == [
        "Accuracy",
        "Sensitivity",
        "Specificity",
        "AUROC",
        "F1",
    ]
    assert describe_headline(metrics)[1].meaning == "2 of 3 tumor slices found"
    assert describe_headline(metrics)[4].meaning == "1 false alarm, 1 missed tumor"


def test_an_undefined_figure_has_no_number():
    accuracy, sensitivity, *_ = describe_headline(compute_metrics([0], [0.2], 0.5))
    assert accuracy.is_defined
    assert not sensitivity.is_defined
    assert sensitivity.value == "undefined"


def test_every_figure_of_the_evaluation_is_described(metrics):
    described = describe_metrics(metrics)
    # Recall is listed once, together with its other name.
    floats = [name for name, value in metrics.items() if isinstance(value, float)]
    assert len(described) == len(set(floats) - {"threshold", "recall"})
    assert [row.value for row in describe_counts(metrics)] == ["2", "1", "1", "1"]
