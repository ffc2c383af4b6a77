"""How fast it is, measured while nothing else runs."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tumorscope.scans.images import is_image_file
from tumorscope.workflows.predict.command import Answer


@pytest.mark.slow
@pytest.mark.real_data
def test_one_image_is_answered_from_a_cold_start_in_two_seconds_without_tensorflow(navoneel):
    image = next(path for path in sorted(navoneel.rglob("*")) if is_image_file(path))
    code = (
        "import sys; from tumorscope.cli.main import app; app(standalone_mode=False);"
        "sys.exit(3 if {'tensorflow', 'keras'} & set(sys.modules) else 0)"
    )
    command = [
        sys.executable,
        "-c",
        code,
        "predict",
        str(image),
    ]
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        answer = subprocess.run([*command, "--json"], capture_output=True, check=True)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 2.0
    (result,) = json.loads(answer.stdout)
    left_out = ("assessed", "of", "series_uid", "instance_uid")
    assert list(result) == [name for name in Answer._fields if name not in left_out]
    assert Path(result["path"]) == image
