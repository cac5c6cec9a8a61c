"""The workflow of a release: what can be said of it without running it."""

import os
import shlex
import subprocess
import sys
import tomllib

import pytest
import yaml

from mock_server.version import __version__
from tests.support.paths import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_it_tests_on_every_python_that_is_named() -> None:
    named = {word.rpartition(" ")[2] for word in PROJECT["classifiers"] if "Python :: 3." in word}

    assert named <= set(JOBS["test"]["strategy"]["matrix"]["python"])
    assert (JOBS["build"]["needs"], JOBS["publish"]["needs"]) == ("test", "build")


def test_nothing_foreign_becomes_part_of_a_script() -> None:
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []
    assert WORKFLOW["permissions"] == {"contents": "read"}


@pytest.mark.parametrize(("tag", "code"), [(f"v{__version__}", 0), ("v9.9.9", 1)])
def test_a_tag_has_to_be_the_version(tag: str, code: int) -> None:
    command = next(step["run"] for step in STEPS if step.get("name") == "The tag is the version")
    words = [sys.executable, *shlex.split(command)[1:]]
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "TAG": tag}, capture_output=True, timeout=60, check=False)

    assert done.returncode == code


def test_the_extras_that_it_installs_are_there() -> None:
    installed = next(step["run"] for step in STEPS if ".[" in step.get("run", ""))

    assert installed.partition(".[")[2].partition("]")[0] in PROJECT["optional-dependencies"]
