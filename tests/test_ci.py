"""
In other people's CI: the GitHub Action, the GitLab component and the hooks of pre-commit.

Their shell texts are run as they are, in a repository with a document that somebody edits. What a workflow passes in is
never part of a script.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT
from tests.support.servers import start_server, stop_server

ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "run" in step}
COMPONENT: Any = list(yaml.safe_load_all((ROOT / "templates" / "mock-server.yml").read_text()))[1]
HOOKS: Any = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}

DOCUMENT = """\
openapi: 3.1.0
info: {title: Pets, version: 1.0.0}
paths:
  /pets:
    get:
      operationId: listPets
      parameters: [{name: limit, in: query, schema: {type: integer, maximum: 100}}]
      responses: {'200': {description: pets, content: {application/json: {schema: {type: array, items: {type: string}}}}}}
"""
EVIL = ["x; touch pwned\ntouch pwned", "\" ; touch pwned ; $(touch pwned) `touch pwned` '", "--config=pwned"]


@dataclass
class Project:
    """A repository in which a document is edited, and a folder of programs."""

    folder: Path
    programs: Path
    temp: Path
    summary: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, text: str, shell: tuple[str, ...], **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*shell, text],
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def step(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the action, as a runner does."""
        step = STEPS[name]
        given = {key: value.get("default", "") for key, value in ACTION["inputs"].items()} | inputs
        names = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")
        variables = {key: names.sub(lambda found: given[found[1]], text) for key, text in step.get("env", {}).items()}
        return self.run(step["run"], ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"), **variables)

    def job(self, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script of a job of the GitLab component, as a runner does."""
        given = {"MOCK_DOCUMENT": "openapi.yaml", "MOCK_OVERLAY": "", "MOCK_URL": "", **variables}
        return self.run("\n".join(COMPONENT[name]["script"]), ("sh", "-ec"), **given)

    def hook(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a hook as pre-commit does."""
        words = [*HOOKS[name]["entry"].split(), *HOOKS[name]["args"]]
        return self.run(shlex.join(words), ("sh", "-c"))

    def edit(self, before: str, after: str) -> None:
        path = self.folder / "openapi.yaml"
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))

    @property
    def was_entered(self) -> bool:
        return any(path.name == "pwned" for path in self.folder.parent.rglob("pwned"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A clone of a repository whose branch `main` has the document."""
    programs, temp, origin, folder = (tmp_path / name for name in ("programs", "temp", "origin", "work"))
    for each in (programs, temp, origin):
        each.mkdir()
    program = programs / "mock-server"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mock_server "$@"\n')
    program.chmod(0o755)
    (origin / "openapi.yaml").write_text(DOCUMENT)
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "RUNNER_TEMP": str(temp),
        "GITHUB_STEP_SUMMARY": str(temp / "summary.md"),
        "GITHUB_PATH": str(temp / "path"),
        "GITHUB_ACTION_PATH": str(ROOT),
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "PYTHONPATH": str(ROOT),
        **{f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["commit", "-q", "-m", "document"],
        ["clone", "-q", str(origin), str(folder)],
    ):
        subprocess.run(["git", *words], cwd=origin, env=environment, check=True, timeout=60, capture_output=True)
    (temp / "summary.md").touch()
    return Project(folder, programs, temp, temp / "summary.md", environment)


def test_what_is_passed_in_is_never_part_of_a_script() -> None:
    """`${{ … }}` and `$[[ … ]]` are replaced in the text before a shell reads it."""
    scripts = [step["run"] for step in STEPS.values()]
    scripts += [line for job in COMPONENT.values() for line in (*job.get("script", ()), *job.get("before_script", ()))]

    assert [text for text in scripts if "${{" in text or "$[[" in text] == []


def test_inputs_of_the_action_are_used_and_declared() -> None:
    text = (ROOT / "action.yml").read_text()

    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == ACTION["inputs"].keys()


def test_the_action_installs_itself_and_not_a_package_of_the_same_name(project: Project) -> None:
    """With a Python that only notes what it is asked for."""
    python = project.programs / "python"
    log = project.temp / "asked"
    python.write_text(
        f'#!/bin/sh\necho "$@" >> "{log}"\nif [ "$2" = venv ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; fi\n'
    )
    python.chmod(0o755)
    done = project.step("Install")

    assert (done.returncode, done.stderr) == (0, "")
    assert log.read_text().splitlines() == [
        f"-m venv {project.temp}/mock-server",
        f"-m pip install --quiet --constraint {ROOT}/constraints.txt {ROOT}",
    ]
    assert (project.temp / "path").read_text() == f"{project.temp}/mock-server/bin\n"


def test_the_action_checks_with_annotations_and_a_summary(project: Project) -> None:
    assert project.step("Check").returncode == 0
    project.edit("{type: string}", "{$ref: '#/components/schemas/No'}")
    done = project.step("Check")

    assert done.returncode == 1
    assert "::error file=openapi.yaml,line=8," in done.stdout
    assert project.summary.read_text().count("### mock-server check\n\n    1 operation, 0 fixtures: ") == 2


def test_the_action_takes_overlays_and_flags_one_a_line(project: Project) -> None:
    overlay = "overlay: 1.1.0\ninfo: {title: t, version: '1'}\nactions: [{target: $.nothing, remove: true}]\n"
    (project.folder / "an overlay.yaml").write_text(overlay)
    done = project.step("Check", **{"overlays": "an overlay.yaml\n", "check-flags": "--strict\n"})

    assert done.returncode == 1
    assert "::warning file=an overlay.yaml,line=3,title=overlay-action-unmatched::" in done.stdout


def test_the_action_says_what_a_pull_request_breaks(project: Project) -> None:
    project.edit("maximum: 100", "maximum: 50")
    done = project.step("Diff", base="main")

    assert done.returncode == 1
    assert re.search(r"::error file=openapi\.yaml,line=7,", done.stdout)
    assert "limit" in project.summary.read_text()


def test_a_document_that_the_base_branch_does_not_have_breaks_nothing(project: Project) -> None:
    (project.folder / "new.yaml").write_text(DOCUMENT)
    done = project.step("Diff", base="main", document="new.yaml")

    assert (done.returncode, done.stdout) == (0, "new.yaml is new: there is nothing to compare it with\n")


def test_the_action_and_the_component_test_a_running_api(project: Project) -> None:
    server = start_server("openapi.yaml", cwd=project.folder)
    try:
        done = project.step("Test", url=server.origin, **{"test-flags": "--phases\nexamples"})
        again = project.job("mock-server-test", MOCK_URL=server.origin)
    finally:
        stop_server(server)

    assert (done.returncode, again.returncode) == (0, 0), done.stderr + again.stderr
    assert "✅ Pets: 0 findings" in project.summary.read_text()
    assert "<testsuites" in (project.folder / "mock-server-test.xml").read_text()


@pytest.mark.parametrize("text", EVIL)
def test_no_input_runs_a_program(text: str, project: Project) -> None:
    runs = [
        project.step("Check", document=text, overlays=text),
        project.step("Diff", document=text, base=text),
        project.job("mock-server-check", MOCK_DOCUMENT=text, MOCK_OVERLAY=text),
    ]

    assert 0 not in [each.returncode for each in runs]
    assert not project.was_entered


def test_the_component_checks_and_says_what_a_merge_request_breaks(project: Project) -> None:
    assert project.job("mock-server-check").returncode == 0
    project.edit("maximum: 100", "maximum: 50")
    done = project.job("mock-server-diff")

    assert done.returncode == 1
    assert "limit" in (project.folder / "mock-server-diff.xml").read_text()


def test_the_hooks_check_and_say_what_a_commit_breaks(project: Project) -> None:
    assert [project.hook(name).returncode for name in HOOKS] == [0, 0]
    project.edit("maximum: 100", "maximum: 50")
    assert [project.hook(name).returncode for name in HOOKS] == [0, 1]
    project.edit("{type: string}", "{$ref: '#/components/schemas/No'}")
    assert project.hook("mock-server-check").returncode == 1
