import logging
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tumorscope.scans.quiet import quiet


def warn(module: str) -> None:
    warnings.warn_explicit("odd value", UserWarning, f"{module}.py", 1, module)


@pytest.mark.parametrize("module", ["pydicom.valuerep", "PIL.TiffImagePlugin", "openjpeg"])
def test_warnings_of_decoders_are_not_shown(module):
    with quiet():
        warn(module)


@pytest.mark.parametrize("module", ["numpy", "tumorscope.scans.images", "PILLOW"])
def test_warnings_of_others_are(module):
    with pytest.warns(UserWarning, match="odd value"), quiet():
        warn(module)


def test_nothing_is_logged_by_pydicom(caplog):
    logger = logging.getLogger("pydicom")
    with quiet():
        logger.warning("Secret^Patient is odd")
    assert not caplog.records
    logger.warning("heard again")
    assert len(caplog.records) == 1


def test_filters_are_what_they_were_though_threads_leave_in_another_order():
    before = list(warnings.filters)
    entered, first_has_left = Barrier(2), Barrier(2)

    def leave_first() -> None:
        with quiet():
            entered.wait()
        first_has_left.wait()

    def leave_last() -> None:
        with quiet():
            entered.wait()
            first_has_left.wait()
            warn("pydicom")

    with ThreadPoolExecutor(2) as pool:
        for finished in [pool.submit(leave_first), pool.submit(leave_last)]:
            finished.result()
    assert list(warnings.filters) == before
