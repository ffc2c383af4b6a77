"""What ``artifact.json`` says about a model."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tumorscope import __version__
from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.conformal import ConformalLimits
from tumorscope.explanation.overlay import Heatmap
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.recipe import PreprocessingSettings

SPEC_FILE = "artifact.json"
CHECKSUM_FILE = "artifact.json.sha256"
OPENVINO_FILE = "model.xml"
KNOWN_CODES_FILE = "known_codes.npy"
"""Perceptual codes, (N, frames, 32), uint8, of all slices that training or validation saw."""
KNOWN_DIGESTS_FILE = "known_digests.npy"
"""Digests of the pixels of the same slices, (M, 8), uint8; an older artifact has none."""
GUARD_FILE = "guard.npz"
"""Where the features of training slices lie: the arrays of a `Subspace`."""

Share = Annotated[float, Field(ge=0, le=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ConformalSpec(_Frozen):
    """When a verdict is uncertain; as it stands here, before any fit, always."""

    error: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """The share of slices of each class that the set may leave out of their class."""
    no_tumor: Share = 1.0
    tumor: Share = 1.0

    @property
    def limits(self) -> ConformalLimits:
        """The largest 1 - probability of each class with which a slice's set holds it."""
        return ConformalLimits(self.no_tumor, self.tumor)


class SeriesSpec(_Frozen):
    """How the vote of a series becomes its probability and verdict, as fitted on whole series.

    A series gets a verdict only where at least half of its slices with brain are assessable.
    """

    slope: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    intercept: Annotated[float, Field(allow_inf_nan=False)]
    """Slope times the logit of the vote, and this, is the logit of the probability."""
    operating_points: dict[str, Share]
    """Name to threshold of the probability."""
    conformal: ConformalSpec
    no_tumor: Annotated[int, Field(ge=0)]
    """How many series without a tumor it was fitted on; and with one."""
    tumor: Annotated[int, Field(ge=0)]


class ArtifactSpec(_Frozen):
    """Everything that prediction needs to know besides the graph.

    The graph takes slices, (N, side, side, 3), float32, RGB, 0..255, prepared as
    `preprocessing` says, and returns ``probability``, (N,), ``cam``, (N, h, w), and ``features``,
    (N, K), by which the guard tells brain MRI slices from other pictures.
    """

    format_version: Literal[4] = 4
    tumorscope: str = __version__
    notice: str = RESEARCH_USE_ONLY
    recipe: str
    backbone: str
    weights: str
    preprocessing: PreprocessingSettings
    class_names: tuple[Literal["no tumor"], Literal["tumor"]] = ("no tumor", "tumor")
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """Divides the logit of the graph's probability; thresholds and limits are for the result."""
    operating_points: dict[str, Share] = {"half": 0.5}
    """Name to threshold: a slice whose probability is at least this is called a tumor."""
    operating_point: str = "half"
    """The one that is applied."""
    conformal: ConformalSpec = ConformalSpec()
    reach: Share = 0.0
    """Within which share of a series, to each side, slices have a say in what is said of one."""
    series: SeriesSpec | None = None
    """None where it was not fitted: thresholds and limits of slices then serve for series, too."""
    heatmap: Heatmap = "Grad-CAM"
    """What the map shows; the lesion map is the probability that a position lies in a lesion."""
    collapsed: bool = False
    """Whether the network gave all slices it was asked about nearly the same probability."""
    cam_scale: Annotated[float, Field(gt=0)]
    """The map's value that is drawn in the strongest color; of Grad-CAM in logit per position."""
    fingerprint: str
    """SHA-256 over the sorted SHA-256 of the training files; no name or order changes it."""
    files: dict[str, str] = {}
    """File name to SHA-256."""

    @model_validator(mode="after")
    def _check_operating_point(self) -> Self:
        rules = (self, self.series) if self.series else (self,)
        if any(self.operating_point not in rule.operating_points for rule in rules):
            raise ValueError(f"no threshold for the operating point {self.operating_point}")
        return self

    @property
    def threshold(self) -> float:
        """The threshold of the operating point that is applied."""
        return self.operating_points[self.operating_point]

    def apply_operating_point(self, name: str) -> "ArtifactSpec":
        """Give the same specification with another operating point applied.

        Raises
        ------
        InputError
            The model has none of this name.
        """
        if name not in self.operating_points:
            raise InputError(
                f"the model has no operating point {name!r}; choose "
                f"{' or '.join(self.operating_points)}"
            )
        return self.model_copy(update={"operating_point": name})
