"""The answer for one slice."""

import os
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tumorscope.artifact.identity import ModelIdentity
from tumorscope.evaluation.decisions.verdicts import NOT_ASSESSABLE, TUMOR
from tumorscope.explanation.overlay import Heatmap, project_map
from tumorscope.explanation.panel import Explanation, draw_overlay
from tumorscope.explanation.region import Region, find_region
from tumorscope.preprocessing import Box, reduce_picture

KNOWN = "known: the model was trained on it"


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """The answer for one slice; a notebook shows it as slice, heatmap and verdict.

    Attributes
    ----------
    name
        The file, and the slice in it where it holds several.
    series
        The series or volume it belongs to; None for a lone picture.
    index
        Its place in the series, from 0.
    image
        The slice, shape (H, W, 3), uint8, RGB. Large ones are reduced, see `read_slice`; those of
        a series, of which many are held, more so.
    box
        The part of `image` that the network saw, in px of `image`.
    heatmap_kind
        What `cam` shows.
    cam_scale
        The evidence that is drawn in the strongest color.
    tumor_probability
        Calibrated, 0..1; it stands here also where it means nothing. In a series its neighbours
        have a say.
    raw_probability
        As the network gave it.
    predicted_class
        ``tumor`` or ``no tumor``: the class called by the threshold.
    verdict
        The same where the model can tell, ``uncertain`` where it cannot, and ``not assessable`` of
        what is no brain MRI slice.
    reason
        Why it is not assessable; None where it is.
    cam
        The map over `box`, shape (h, w), float32: Grad-CAM, signed, in logit per position, or the
        probability of a lesion at each position.
    position_mm
        How far along its normal it lies, where that is known of a slice of a series.
    note
        What of its file is not answered with it; None where all is.
    known
        Whether it is one of the slices that the model was trained or validated on, pixel by pixel,
        so that the answer proves nothing; None where the model does not tell.
    model
        Which model answered; None of one that is no artifact yet.
    uids
        Of the series and the instance of a DICOM file.
    """

    name: str
    series: str | None
    index: int
    image: NDArray[np.uint8]
    box: Box
    heatmap_kind: Heatmap
    cam_scale: float
    tumor_probability: float
    raw_probability: float
    predicted_class: str
    verdict: str
    reason: str | None
    cam: NDArray[np.float32]
    position_mm: float | None = None
    note: str | None = None
    known: bool | None = None
    model: ModelIdentity | None = None
    uids: tuple[str, str] | None = None

    @property
    def probability(self) -> float | None:
        """Of a tumor, calibrated, 0..1; None where the slice is not assessable."""
        return None if self.reason is not None else self.tumor_probability

    @property
    def heatmap(self) -> NDArray[np.float32]:
        """The evidence for a tumor at each pixel of `image`, shape (H, W), float32, at least 0."""
        height, width = self.image.shape[:2]
        return project_map(self.cam, self.box, (height, width))

    @property
    def region(self) -> Region | None:
        """The region of `image` that drove the decision; None unless the verdict is ``tumor``."""
        return find_region(self.heatmap) if self.verdict == TUMOR else None

    def draw(self) -> Image.Image:
        """Draw slice, heatmap and verdict, and say below which model it was."""
        said = (KNOWN if self.known else "", str(self.model or ""))
        note = "".join(f"{part[0].upper()}{part[1:]}. " for part in said if part)
        return draw_overlay(self.explain(), self.cam_scale, note)

    def explain(self, truth: str | None = None) -> Explanation:
        """Give what the panel of this slice shows, under its folder's and its own name."""
        return Explanation(
            "/".join(PurePath(self.name).parts[-2:]),
            self.image,
            self.box,
            self.cam,
            self.tumor_probability,
            self.verdict,
            truth,
            self.reason,
            self.heatmap_kind,
        )

    def name_picture(self, number: int) -> str:
        """Name a picture of this slice; the number tells apart files of the same name."""
        return name_picture(self.name, number)

    def refuse(self, reason: str) -> "Prediction":
        """Give the same slice as one that is not assessable."""
        return replace(self, verdict=NOT_ASSESSABLE, reason=reason)

    def judge(self, probability: float, predicted_class: str, verdict: str) -> "Prediction":
        """Give the same slice with what is said of it where others had a say."""
        return replace(
            self, tumor_probability=probability, predicted_class=predicted_class, verdict=verdict
        )

    def reduce(self, side_px: int) -> "Prediction":
        """Give the same answer with an image of at most this many px on its longer side."""
        height, width = self.image.shape[:2]
        factor = side_px / max(height, width)
        if factor >= 1:
            return self
        box = Box(*(round(length * factor) for length in self.box))
        box = box._replace(height=max(box.height, 1), width=max(box.width, 1))
        return replace(self, image=reduce_picture(self.image, side_px), box=box)

    def _repr_png_(self) -> bytes:
        png = BytesIO()
        self.draw().save(png, "PNG")
        return png.getvalue()

    def __repr__(self) -> str:
        said = self.reason if self.probability is None else f"{self.probability:.4f}"
        known = f", {KNOWN}" if self.known else ""
        return f"<Prediction {self.name}: {self.verdict}, {said}{known}>"


def name_picture(name: str, number: int) -> str:
    """Name the picture of a slice or series; the number tells apart those of the same name."""
    stem = os.fsencode(PurePath(name).stem)[:200].decode("utf-8", "ignore")
    return f"{number:05d} {stem}.png"
