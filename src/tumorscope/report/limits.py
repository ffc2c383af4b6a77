"""What the figures of one run cannot say. The page and the card carry the same words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """One limit: a few words to remember, and what they mean."""

    title: str
    meaning: str


LIMITS = (
    Limit(
        "One validation part of one split.",
        "Another split of the same data gives other figures.",
    ),
    Limit(
        "Slightly optimistic.",
        "The best epoch was chosen on these very slices. Expect somewhat less on slices "
        "that had no part in the training.",
    ),
    Limit(
        "Near copies may leak.",
        "At best, exact copies and slices of one known patient are kept on one side of the split. "
        "A scan that was flipped, rescaled or compressed again may sit on both sides and make "
        "the figures look better than they are.",
    ),
    Limit(
        "A small sample.",
        "Read each share with the counts next to it: with few slices, a few verdicts move it far.",
    ),
    Limit(
        "No other scanner.",
        "Nothing here was tested on slices of another hospital, scanner or sequence.",
    ),
    Limit(
        "A heatmap is no outline.",
        "Grad-CAM shows what drove the decision, not where the tumor is.",
    ),
)
