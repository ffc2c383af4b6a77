"""What the figures of one run cannot say. The page and the card carry the same words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """One limit: a few words to remember, and what they mean."""

    title: str
    meaning: str


_OF_ANY_MODEL = (
    Limit(
        "Copies are known, persons are not.",
        "Slices that are copies of one another (re-scaled, re-compressed, flipped, turned, "
        "slightly cropped) are found, and kept on one side of the split with data.split=grouped. "
        "Other slices of the same person are not, unless a CSV names patients: they may sit on "
        "both sides and make the figures look better than they are.",
    ),
    Limit(
        "What the intervals hold.",
        "They come from drawing whole groups of slices anew, so they tell how far the figures "
        "could move with other slices from the same source, not with another training.",
    ),
    Limit(
        "No other scanner.",
        "Nothing here was tested on slices of another hospital, scanner or sequence.",
    ),
    Limit(
        "Not every other picture is refused.",
        "What looks unlike the training slices is not assessable; a few other pictures pass, and a "
        "few brain MRI slices of rare views do not.",
    ),
    Limit(
        "A heatmap is no outline.",
        "It shows where the network found what it decided by, not where a tumor ends.",
    ),
)

LIMITS = (
    Limit(
        "One validation part of one split.",
        "Another split of the same data gives other figures.",
    ),
    Limit(
        "Chosen and measured on the same slices.",
        "The temperature, the thresholds and the conformal limits, and with training.keep=best the "
        "epoch, were chosen on these very validation slices, so the figures are optimistic and the "
        "coverage is no independent check. For figures without that: tumorscope crossval, or "
        "tumorscope evaluate MODEL FOLDER on slices of another source.",
    ),
    *_OF_ANY_MODEL,
)

OUT_OF_FOLD_LIMITS = (
    Limit(
        "Figures of the recipe, not of this model.",
        "They are those of other models, each trained on a part of the slices with the same "
        "recipe. This model learned from all slices, so that none is left to measure it on.",
    ),
    Limit(
        "Decided and measured on the same answers.",
        "The temperature, the thresholds and the conformal limits were fitted on these very "
        "answers of the other models, which favors the figures a little, and are right for this "
        "model as far as it answers as they do. For a check of the model itself: tumorscope "
        "evaluate MODEL FOLDER on slices of another source.",
    ),
    *_OF_ANY_MODEL,
)

CROSSVAL_LIMITS = (
    Limit(
        "Figures of a recipe, not of one model.",
        "Each fold has a model of its own, with its own temperature and thresholds; none of them "
        "is the model that tumorscope train writes, which learns from more slices.",
    ),
    Limit(
        "What the intervals hold.",
        "They come from drawing whole groups of slices anew, so they tell how far the figures "
        "could move with other slices from the same source, not with another training.",
    ),
    Limit(
        "The spread over folds is no interval.",
        "Folds share most of what their models learned from, and each tests few slices.",
    ),
    Limit(
        "Patients may still be shared.",
        "Slices belong together as far as copies were found and the data name patients; other "
        "slices of one patient may stand in several folds.",
    ),
    Limit(
        "No other scanner.",
        "Nothing here was tested on slices of another hospital, scanner or sequence.",
    ),
)

AUDIT_LIMITS = (
    Limit(
        "Other slices of the same patient.",
        "They show another picture. Only a patient's name in the data can keep them together.",
    ),
    Limit(
        "Copies turned by other than right angles.",
        "Mirrored copies and quarter turns are sought, nothing between.",
    ),
    Limit(
        "Deep cuts.",
        "Up to about 5 % may be cut off on each side of the picture or of the head.",
    ),
    Limit(
        "Slices with little in them.",
        "Nearly black ones, such as those above the brain, have too little pattern to tell "
        "pictures apart. Only their exact copies are found.",
    ),
    Limit(
        "Wrong labels without a copy.",
        "A conflict is seen only where one picture has two labels.",
    ),
    Limit(
        "What looks ordinary.",
        "A CT, another organ or another plane on a dark background is not unlike the rest for "
        "this cheap rule.",
    ),
)
