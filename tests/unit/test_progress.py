from tumorscope.progress import ignore_progress


def test_ignore_progress_takes_a_report():
    assert ignore_progress("reading", 1, 2) is None
