"""What ``artifact.json`` says about a model."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tumorscope import __version__
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.recipe import PreprocessingSettings

SPEC_FILE = "artifact.json"
CHECKSUM_FILE = "artifact.json.sha256"
OPENVINO_FILE = "model.xml"
NO_TUMOR, TUMOR = CLASS_NAMES = ("no tumor", "tumor")


class ArtifactSpec(BaseModel):
    """Everything that prediction needs to know besides the graph.

    The graph takes slices, (N, side, side, 3), float32, RGB, 0..255, prepared as
    `preprocessing` says, and returns ``probability``, (N,), and ``cam``, (N, h, w).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: Literal[1] = 1
    tumorscope: str = __version__
    notice: str = RESEARCH_USE_ONLY
    recipe: str
    backbone: str
    weights: str
    preprocessing: PreprocessingSettings
    class_names: tuple[str, str] = CLASS_NAMES
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    cam_scale: Annotated[float, Field(gt=0)]
    """The map's value that is drawn in the strongest color, in logit per position."""
    fingerprint: str
    """SHA-256 over the sorted SHA-256 of the training files; no name or order changes it."""
    files: dict[str, str] = {}
    """File name to SHA-256."""

    def decide(self, probability: float) -> str:
        """Turn the probability of a tumor into a verdict."""
        return self.class_names[probability >= self.threshold]
