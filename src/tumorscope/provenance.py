"""Where a result comes from: the environment, the command, and what it may be used for."""

import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata

from tumorscope import __version__

RESEARCH_USE_ONLY = "Research use only. Not a medical device; not for diagnosis."

_RECORDED_PACKAGES = (
    "numpy",
    "pandas",
    "pillow",
    "opencv-python-headless",
    "faiss-cpu",
    "scipy",
    "scikit-learn",
    "matplotlib",
    "openvino",
    "keras",
    "tensorflow",
    "onnx",
)


def describe_environment(arguments: Mapping[str, object]) -> dict[str, object]:
    """Describe what a run depends on besides its data and recipe.

    Parameters
    ----------
    arguments
        The arguments of the workflow, recorded as given.

    Returns
    -------
    dict
        Ready for JSON. Host and user names are left out: a run folder gets shared.
    """
    return {
        "tumorscope": __version__,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": {name: _plain(value) for name, value in arguments.items()},
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpu_count": os.cpu_count(),
        "packages": {name: version for name in _RECORDED_PACKAGES if (version := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _plain(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
