"""What Azure needs beside the code."""

import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_requirements_are_the_dependencies_of_the_project() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == declared


def test_every_dependency_has_an_upper_bound_and_a_tested_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    tested = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["local"]]:
        assert "<" in requirement or "==" in requirement, requirement
        name = requirement.partition(">")[0].partition("=")[0].lower().replace("_", "-")
        assert name in tested, requirement


def test_the_lock_file_names_no_address() -> None:
    assert not [line for line in (ROOT / "constraints.txt").read_text().splitlines() if "://" in line or " @ " in line]


def test_the_host_expects_what_the_queue_sends() -> None:
    host = json.loads((ROOT / "host.json").read_text())
    assert host["extensions"]["queues"]["messageEncoding"] == "base64"
    assert host["extensions"]["queues"]["maxDequeueCount"] == 5
