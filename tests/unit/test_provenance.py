import getpass
import json
import socket
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

import tumorscope
from tumorscope.provenance import RESEARCH_USE_ONLY, describe_environment


@pytest.fixture
def known_names(monkeypatch):
    """A user and a host whose names stand nowhere else."""
    for variable in ("USER", "LOGNAME", "USERNAME", "LNAME"):
        monkeypatch.setenv(variable, "ann-of-ward-7")
    monkeypatch.setenv("HOME", "/home/ann-of-ward-7")
    monkeypatch.setenv("HOSTNAME", "clinic-mri-3")
    return ("ann-of-ward-7", "clinic-mri-3")


def test_names_neither_user_nor_host(known_names):
    text = json.dumps(describe_environment({"seed": 1}))
    assert getpass.getuser() == known_names[0]
    for name in (*known_names, socket.gethostname()):
        assert name not in text


def test_is_plain_json_whatever_the_arguments():
    arguments = {
        "data": Path("a/b"),
        "overrides": ["x=1", Path("c")],
        "pair": (1, None),
        "count": np.int64(3),
        "resume": False,
        "fraction": 0.5,
        "mapping": {"a": Path("b")},
    }
    recorded = json.loads(json.dumps(describe_environment(arguments)))["arguments"]
    assert recorded["data"] == "a/b"
    assert recorded["overrides"] == ["x=1", "c"]
    assert recorded["pair"] == [1, None]
    assert recorded["resume"] is False
    assert recorded["fraction"] == 0.5
    assert recorded.keys() == arguments.keys()


def test_names_versions_and_the_moment():
    environment = describe_environment({})
    assert environment["tumorscope"] == tumorscope.__version__
    assert environment["packages"]["numpy"] == np.__version__
    assert datetime.fromisoformat(environment["started"]).tzinfo is not None


def test_missing_package_is_left_out(monkeypatch):
    monkeypatch.setattr("tumorscope.provenance._RECORDED_PACKAGES", ("numpy", "no-such-package"))
    assert list(describe_environment({})["packages"]) == ["numpy"]


def test_notice_says_what_the_software_is_not():
    assert "Not a medical device" in RESEARCH_USE_ONLY
    assert "Research use only" in RESEARCH_USE_ONLY
