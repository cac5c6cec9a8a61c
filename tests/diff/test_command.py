"""What the command takes and gives: formats, baselines, severities, git, folders."""

import json
import subprocess
from pathlib import Path

import pytest

from mock_server.cli.main import main
from mock_server.diff.report import DIFF_FORMATS

OLD = """
openapi: 3.1.0
info: {title: "Pets <b>", version: 1.0.0}
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        '200':
          description: Pets
          content: {application/json: {schema: {type: object, properties: {kind: {type: string, enum: [cat]}}}}}
"""
NEW = OLD.replace("[cat]", "[cat, '<script>']")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(NEW)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", DIFF_FORMATS)
def test_every_format_names_the_change(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "new.yaml", "--format", name]) == 1
    said = capsys.readouterr().out

    assert "diff-response-widened" in said
    assert name not in {"html", "junit", "markdown"} or "<script>" not in said


def test_semver_ends_with_the_part_to_raise(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["diff", "old.yaml", "new.yaml", "--format", "semver"])
    main(["diff", "new.yaml", "old.yaml", "--format", "semver"])
    main(["diff", "old.yaml", "old.yaml", "--format", "semver"])

    words = [line for line in capsys.readouterr().out.splitlines() if line in {"major", "minor", "patch"}]
    assert words == ["major", "minor", "patch"]


def test_a_baseline_accepts_until_its_day(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "new.yaml", "--write-baseline", "known.ndjson"]) == 1
    assert main(["diff", "old.yaml", "new.yaml", "--baseline", "known.ndjson"]) == 0
    line = json.loads((folder / "known.ndjson").read_text())
    (folder / "known.ndjson").write_text(json.dumps({**line, "until": "2020-01-31", "reason": "agreed"}))

    assert main(["diff", "old.yaml", "new.yaml", "--baseline", "known.ndjson"]) == 1
    assert "was accepted until 2020-01-31 (agreed)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["--fail-on", "never"], 0),
        (["--severity", "diff-response-widened=note"], 0),
        (["--severity", "diff-response-widened=off"], 0),
        (["--severity", "diff-version-not-raised=error", "--severity", "diff-response-widened=note"], 1),
        (["--severity", "nonsense=error"], 2),
        (["--fail-on", "sometimes"], 2),
        (["--format", "pdf"], 2),
    ],
)
def test_severities_decide_the_exit_code(flags: list[str], code: int, folder: Path) -> None:
    assert main(["diff", "old.yaml", "new.yaml", *flags]) == code


def test_answers_that_break_clients_become_fixtures(folder: Path) -> None:
    main(["diff", "old.yaml", "new.yaml", "--save-fixtures", "kept"])
    (fixture,) = (folder / "kept" / "listPets").iterdir()

    assert "<script>" in fixture.read_text()
    assert main(["check", "new.yaml", "--fixtures", "kept"]) == 0


def test_a_state_of_git_is_read_with_what_it_refers_to(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = "{type: object, properties: {kind: {type: string, enum: [cat]}}}"
    (folder / "api.yaml").write_text(OLD.replace(schema, "{$ref: parts/pet.yaml}"))
    (folder / "parts").mkdir()
    (folder / "parts" / "pet.yaml").write_text(schema)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    (folder / "parts" / "pet.yaml").write_text(schema.replace("[cat]", "[cat, dog]"))

    assert main(["diff", "HEAD:api.yaml", "api.yaml"]) == 1
    assert main(["diff", "HEAD:api.yaml", "HEAD:api.yaml"]) == 0
    assert main(["diff", "--", "--output=x:api.yaml", "api.yaml"]) == 2
    assert "HEAD:api.yaml" in capsys.readouterr().out


def test_git_calls_it_as_a_diff_driver(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "api.yaml", "old.yaml", "1a", "100644", "new.yaml", "2b", "100644"]) == 0
    assert "diff-response-widened" in capsys.readouterr().out


def test_folders_are_paired_by_paths(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("a/pets.yaml", OLD), ("b/pets.yaml", NEW), ("a/gone.yaml", OLD)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    assert main(["diff", "a", "b"]) == 1
    said = capsys.readouterr().out
    assert "diff-response-widened" in said
    assert "diff-operation-removed" in said


def test_callbacks_that_lead_to_themselves_end(folder: Path) -> None:
    text = """
openapi: 3.0.3
info: {title: Circle, version: '1'}
paths:
  /x: {post: {responses: {'200': {description: ok}}, callbacks: {cb: {$ref: '#/components/callbacks/cb'}}}}
components:
  callbacks:
    cb:
      '{$request.body#/u}':
        post: {description: before, responses: {'200': {description: ok}}, callbacks: {cb: {$ref: '#/components/callbacks/cb'}}}
"""
    (folder / "one.yaml").write_text(text)
    (folder / "two.yaml").write_text(text.replace("before", "after"))

    assert main(["diff", "one.yaml", "two.yaml"]) == 0
