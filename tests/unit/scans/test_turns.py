from threading import Event, Lock, Thread

import pytest

from tumorscope.scans import turns
from tumorscope.scans.turns import share_turns, taking_turns

LARGE, SMALL = 5_000_000, 100_000


def enter(number_of_pixels: int) -> tuple[Thread, Event]:
    """Try to decode in a thread; the event tells that it was allowed to begin."""
    begun = Event()

    def decode() -> None:
        with taking_turns(number_of_pixels):
            begun.set()

    thread = Thread(target=decode)
    thread.start()
    return thread, begun


def test_a_large_picture_waits_for_the_one_before():
    with taking_turns(LARGE):
        thread, begun = enter(LARGE)
        assert not begun.wait(0.1)
    thread.join()
    assert begun.is_set()


@pytest.mark.parametrize(("held", "wanted"), [(LARGE, SMALL), (SMALL, LARGE), (SMALL, SMALL)])
def test_others_do_not_wait(held, wanted):
    with taking_turns(held):
        thread, begun = enter(wanted)
        assert begun.wait(5)
    thread.join()


def test_the_turn_is_given_back_after_an_error():
    with pytest.raises(ValueError, match="damaged"), taking_turns(LARGE):
        raise ValueError("damaged")
    thread, begun = enter(LARGE)
    assert begun.wait(5)
    thread.join()


def test_shared_turns_wait_for_the_other_process(monkeypatch):
    monkeypatch.setattr(turns, "_locks", [Lock()])
    shared = Lock()
    share_turns(shared)
    with shared:
        thread, begun = enter(LARGE)
        assert not begun.wait(0.1)
    thread.join()
    assert begun.is_set()
