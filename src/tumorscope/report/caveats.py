"""What the figures of one run cannot say. The page and the card carry the same words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Caveat:
    """One limit: a few words to remember, and what they mean."""

    title: str
    meaning: str


_NO_OTHER_SCANNER = Caveat(
    "No other scanner.",
    "Nothing here was tested on slices of another hospital, scanner or sequence.",
)
_NO_FURTHER_SCANNER = Caveat(
    "No scanner beyond these.",
    "What was left out was new to the model that answered for it; a hospital, scanner or sequence "
    "unlike all that are here was not tested.",
)

_OF_ANY_MODEL = (
    Caveat(
        "Copies are known, persons are not.",
        "Slices that are copies of one another (re-scaled, re-compressed, flipped, turned, "
        "slightly cropped) are found, and kept on one side of the split with data.split=grouped. "
        "Other slices of the same person are not, unless a CSV names patients: they may sit on "
        "both sides and make the figures look better than they are. Of patients with names, only "
        "equal files are taken for copies: a head that stands there under two names is not found.",
    ),
    Caveat(
        "What the intervals hold.",
        "They come from drawing whole groups of slices anew, so they tell how far the figures "
        "could move with other slices from the same source, not with another training.",
    ),
    _NO_OTHER_SCANNER,
    Caveat(
        "Not every other picture is refused.",
        "What looks unlike the training slices is not assessable; a few other pictures pass, and a "
        "few brain MRI slices of rare views do not.",
    ),
    Caveat(
        "A heatmap is no outline.",
        "It shows where the network found what it decided by, not where a tumor ends.",
    ),
)

CAVEATS = (
    Caveat(
        "One validation part of one split.",
        "Another split of the same data gives other figures.",
    ),
    Caveat(
        "Chosen and measured on the same slices.",
        "The temperature, the thresholds and the conformal limits, and with training.keep=best the "
        "epoch, were chosen on these very validation slices, so the figures are optimistic and the "
        "coverage is no independent check. For figures without that: tumorscope crossval, or "
        "tumorscope evaluate MODEL FOLDER on slices of another source.",
    ),
    *_OF_ANY_MODEL,
)

OUT_OF_FOLD_CAVEATS = (
    Caveat(
        "Figures of the recipe, not of this model.",
        "They are those of other models, each trained on a part of the slices with the same "
        "recipe. This model learned from all slices, so that none is left to measure it on.",
    ),
    Caveat(
        "Decided and measured on the same answers.",
        "The temperature, the thresholds and the conformal limits were fitted on these very "
        "answers of the other models, which favors the figures a little, and are right for this "
        "model as far as it answers as they do. For a check of the model itself: tumorscope "
        "evaluate MODEL FOLDER on slices of another source.",
    ),
    *_OF_ANY_MODEL,
)

CROSSVAL_CAVEATS = (
    Caveat(
        "Figures of a recipe, not of one model.",
        "Each fold has a model of its own, with its own temperature and thresholds; none of them "
        "is the model that tumorscope train writes, which learns from more slices.",
    ),
    Caveat(
        "What the intervals hold.",
        "They come from drawing whole groups of slices anew, so they tell how far the figures "
        "could move with other slices from the same source, not with another training.",
    ),
    Caveat(
        "The spread over folds is no interval.",
        "Folds share most of what their models learned from, and each tests few slices.",
    ),
    Caveat(
        "Patients may still be shared.",
        "Slices belong together as far as copies were found and the data name patients; other "
        "slices of one patient, or a head under two names, may stand in several folds.",
    ),
    _NO_OTHER_SCANNER,
)

AUDIT_CAVEATS = (
    Caveat(
        "Other slices of the same patient.",
        "They show another picture. Only a patient's name in the data can keep them together.",
    ),
    Caveat(
        "Copies turned by other than right angles.",
        "Mirrored copies and quarter turns are sought, nothing between.",
    ),
    Caveat(
        "Deep cuts.",
        "Up to about 5 % may be cut off on each side of the picture or of the head.",
    ),
    Caveat(
        "Changed copies between volumes.",
        "Of slices of volumes and series, and of patients that a table names, only equal ones are "
        "taken for copies: neighbours look alike, and so do heads near their vertex.",
    ),
    Caveat(
        "Slices with little in them.",
        "Nearly black ones, such as those above the brain, have too little pattern to tell "
        "pictures apart. Only their exact copies are found.",
    ),
    Caveat(
        "Wrong labels without a copy.",
        "A conflict is seen only where one picture has two labels.",
    ),
    Caveat(
        "What looks ordinary.",
        "A CT, another organ or another plane on a dark background is not unlike the rest for "
        "this cheap rule.",
    ),
)


def take_left_out(caveats: tuple[Caveat, ...], metrics: Mapping[str, Any]) -> tuple[Caveat, ...]:
    """Give caveats of figures as they are where values of a column were left out, or were not."""
    further = _NO_FURTHER_SCANNER if "left_out" in metrics else _NO_OTHER_SCANNER
    return tuple(further if caveat is _NO_OTHER_SCANNER else caveat for caveat in caveats)
