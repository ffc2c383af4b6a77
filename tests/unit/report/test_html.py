import base64
import json
from html.parser import HTMLParser

import pandas as pd
import pytest

from tumorscope.errors import InputError
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.report.html import write_report

VOID = {"meta", "img", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """The elements, attributes and visible text of a page; refuses unbalanced tags."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.words, self._open = [], [], [], []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.words += data.split()

    @property
    def text(self):
        return " ".join(self.words)

    def find(self, tag, name):
        return [value for found, key, value in self.attributes if (found, key) == (tag, name)]


def read_page(run):
    return Page(write_report(run).read_text(encoding="utf-8"))


def test_the_page_is_written_into_the_run_folder(run):
    before = set(run.rglob("*"))
    assert write_report(run) == run / "report.html"
    assert set(run.rglob("*")) - before == {run / "report.html"}


def test_the_page_needs_nothing_from_elsewhere(run):
    html = write_report(run).read_text(encoding="utf-8")
    page = Page(html)
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in html
    assert "@import" not in html
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    sources = [value for _, name, value in page.attributes if name in ("src", "srcset", "data")]
    assert len(sources) == 6
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert all(target.startswith("#") for target in page.find("a", "href"))


def test_the_images_are_those_of_the_run_and_have_a_description(run):
    page = read_page(run)
    first = base64.b64decode(page.find("img", "src")[0].split(",")[1])
    assert first == (run / "evaluation" / "confusion_matrix.png").read_bytes()
    assert "ROC curve" in page.find("img", "alt")
    assert all(page.find("img", "alt"))


def test_every_link_leads_to_a_section(run):
    page = read_page(run)
    targets = {target.removeprefix("#") for target in page.find("a", "href")}
    assert targets == set(page.find("section", "id"))


def test_the_head_says_what_was_trained_and_what_it_may_be_used_for(run):
    text = read_page(run).text
    assert "first run Dataset navoneel Recipe notebook Backbone efficientnetlite0" in text
    assert "Seed 7 Started 2026-01-02 03:04:05 UTC Tumorscope 0.1.0" in text
    assert text.count(RESEARCH_USE_ONLY) == 2


def test_headline_figures_stand_next_to_their_counts(run):
    text = read_page(run).text
    assert "Accuracy 60.0 % 3 of 5 slices right" in text
    assert "Sensitivity 66.7 % 2 of 3 tumor slices found" in text
    assert "Specificity 50.0 % 1 of 2 no-tumor slices cleared" in text
    assert "AUROC 0.833 3 tumor, 2 no-tumor slices" in text
    assert "Measured on 5 slices of the validation part, at threshold 0.5." in text
    assert "moves the accuracy by 20.0 percentage points" in text
    assert "2 true positives, 1 false negatives, 1 true negatives, 1 false positives" in text


def test_every_figure_is_in_the_table(run, metrics):
    text = read_page(run).text
    assert f"Brier score {metrics['brier']:.3f} mean squared error" in text
    assert f"Log loss {metrics['log_loss']:.3f} cross-entropy" in text
    assert f"Average precision {metrics['average_precision']:.3f} area" in text


def test_an_undefined_figure_is_called_so(run, metrics):
    metrics["specificity"] = None
    (run / "evaluation" / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    assert "Specificity undefined" in read_page(run).text


def test_the_data_are_counted_by_part_and_class(run):
    text = read_page(run).text
    assert "Part No tumor Tumor Slices train 1 2 3 validation 2 3 5 all 3 5 8" in text
    assert "2 slices share their bytes or their patient with another, in 1 group." in text
    assert "Groups that cross the split: none." in text
    assert "1 file could not be used." in text
    assert "Read with care" not in text


def test_a_group_on_both_sides_of_the_split_is_a_warning_next_to_the_figures(run, manifest):
    manifest.assign(group=[0, 1, 2, 3, 4, 5, 6, 0]).to_csv(run / "manifest.csv", index=False)
    text = read_page(run).text
    assert "Read with care: slices of 1 group of copies sit on both sides of the split" in text
    assert "Groups that cross the split: 1." in text


def test_the_training_is_summed_up(run):
    text = read_page(run).text
    assert "2 epochs with the backbone frozen, 1 fine-tuning it, in 1 min 31 s." in text
    assert "Epoch 2 had the lowest validation loss" in text


def test_recipe_model_and_environment_are_listed(run):
    text = read_page(run).text
    assert "general name notebook seed 7" in text
    assert "training epochs 2 early_stopping_patience none" in text
    assert f"files.model.xml {'ab' * 32}" in text
    assert "arguments.overrides seed=7" in text
    assert "packages.numpy 2.4.6" in text


def test_the_limits_are_spelled_out(run):
    text = read_page(run).text
    assert "How to read these numbers" in text
    assert "The best epoch was chosen on these very slices." in text
    assert "not where the tumor is" in text


def test_hostile_names_are_text_and_never_markup(run):
    page = read_page(run)
    assert "script" not in page.tags
    assert "b" not in page.tags
    # Once among the rejected files, once among the mistakes; the slash of its end tag starts
    # the part that is shown.
    assert page.text.count("script>&\"'.jpg") == 2
    assert "<b>truncated</b>" in page.text


def test_a_hostile_run_name_and_recipe_are_escaped_as_well(run):
    hostile = run.rename(run.with_name('"><img src=x onerror=alert(1)>'))
    recipe = hostile / "recipe.yaml"
    recipe.write_text("name: '</style><svg onload=alert(1)>'\n", encoding="utf-8")
    page = read_page(hostile)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert "svg" not in page.tags
    assert len(page.find("img", "src")) == 6


def test_folders_above_the_class_stay_private(run, manifest):
    manifest.iloc[:1].rename(columns={"label_name": "reason"}).to_csv(
        run / "rejected.csv", index=False
    )
    text = read_page(run).text
    assert "yes/0.png" in text
    assert "/slices/yes/0.png" not in text


def test_a_long_list_of_rejected_files_is_cut(run):
    many = pd.DataFrame({"path": [f"no/{i}.txt" for i in range(60)], "reason": "not an image"})
    many.to_csv(run / "rejected.csv", index=False)
    text = read_page(run).text
    assert "60 files could not be used." in text
    assert "The first 50 of 60; rejected.csv has all." in text
    assert "no/50.txt" not in text


def test_no_mistakes_and_no_rejected_files_are_said_in_words(run):
    predictions = pd.read_csv(run / "evaluation" / "predictions.csv").assign(correct=True)
    predictions.to_csv(run / "evaluation" / "predictions.csv", index=False)
    (run / "rejected.csv").write_text("path,reason\n", encoding="utf-8")
    text = read_page(run).text
    assert "Every verdict was right." in text
    assert "No file was rejected." in text


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("explanations/contact_sheet.png", "Grad-CAM heatmaps. Made by tumorscope explain"),
        ("evaluation/metrics.json", "the figures. Made by tumorscope evaluate"),
        ("evaluation/predictions.csv", "the predictions. Made by tumorscope evaluate"),
        ("evaluation/roc.png", "ROC curve. Made by tumorscope evaluate"),
        ("history.csv", "the training history. Made by tumorscope train"),
        ("manifest.csv", "the list of slices. Made by tumorscope train"),
        ("model/artifact.json", "the model. Made by tumorscope train"),
        ("environment.json", "the record of the environment. Made by tumorscope train"),
    ],
)
def test_a_missing_part_is_named_with_the_command_that_makes_it(run, part, sentence):
    assert f"Missing: {sentence}" not in read_page(run).text
    (run / part).unlink()
    assert f"Missing: {sentence}" in read_page(run).text


def test_a_recipe_alone_makes_a_page_already(tmp_path, run):
    started = tmp_path / "started"
    started.mkdir()
    (run / "recipe.yaml").rename(started / "recipe.yaml")
    text = read_page(started).text
    assert "Backbone efficientnetb0" in text
    assert text.count("Missing: ") == 12


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a run folder, it holds no recipe"):
        write_report(tmp_path)
    assert not list(tmp_path.iterdir())
