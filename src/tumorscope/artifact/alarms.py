"""What is wrong with a model as a whole, said wherever it is trained, described or used."""

from pathlib import Path

from pydantic import ValidationError

from tumorscope.artifact.reader import find_artifact
from tumorscope.artifact.spec import SPEC_FILE, ArtifactSpec
from tumorscope.errors import ArtifactError
from tumorscope.evaluation.decisions.conformal import ConformalLimits
from tumorscope.evaluation.decisions.faults import find_missing_verdicts
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES

COLLAPSED = (
    "The network has collapsed: it gives nearly the same probability to every slice, whatever it "
    "shows. Its answers and heatmaps mean nothing."
)


def list_alarms(spec: ArtifactSpec) -> list[str]:
    """Say in sentences why a model cannot be used as it is; none where it can.

    Parameters
    ----------
    spec
        The model, with the operating point that is applied.
    """
    alarms = [COLLAPSED] if spec.collapsed else []
    missing = find_missing_verdicts(spec.threshold, spec.conformal.limits, spec.temperature)
    if missing:
        alarms.append(_describe("This model", missing, spec.conformal.limits))
    if spec.series is not None:
        rule = spec.series
        limits = rule.conformal.limits
        missing = find_missing_verdicts(rule.operating_points[spec.operating_point], limits)
        if missing:
            alarms.append(_describe("Of a whole series this model", missing, limits))
    return alarms


def read_alarms(model: Path, operating_point: str | None = None) -> list[str]:
    """List the alarms of a model without loading it; what is wrong with its files, loading says.

    Parameters
    ----------
    model
        An artifact folder or a run folder.
    operating_point
        Applied in place of the model's own.

    Raises
    ------
    InputError
        The model has no such operating point.
    """
    try:
        spec = ArtifactSpec.model_validate_json((find_artifact(model) / SPEC_FILE).read_bytes())
    except (OSError, ArtifactError, ValidationError):
        return []
    return list_alarms(spec.apply_operating_point(operating_point) if operating_point else spec)


def _describe(who: str, missing: tuple[str, ...], limits: ConformalLimits) -> str:
    never = " or ".join(f'"{name}"' for name in missing)
    unlimited = [name for name, limit in zip(CLASS_NAMES, limits, strict=True) if limit == 1]
    if not unlimited:
        return f"{who} can never answer {never}, however sure the network is."
    few = " and ".join(f'"{name}"' for name in unlimited)
    return (
        f"{who} can never answer {never}: too few groups of {few} were held out to rule that "
        "class out. Train on more of it, or cross-validate and train with --crossval."
    )
