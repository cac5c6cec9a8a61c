"""
Bad inputs: each gives a clear sentence that says what, where and what to do, exit code 2, and no traceback.

What is wrong inside a request is in `compose/test_app.py` and in the scenarios.
"""

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from mock_server.cli.main import main
from tests.support.mocks import minimal, operation

Written = Callable[[str], Path]
GOOD = orjson.dumps(minimal({"/a": {"get": operation({"type": "integer"})}})).decode()


@pytest.fixture
def run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in an empty folder; gives the exit code and what was said."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MOCK_SERVER_")]:
        monkeypatch.delenv(name)

    def call(*args: str) -> tuple[int, str, str]:
        code = main(args)
        said = capfd.readouterr()
        assert "Traceback" not in said.err + said.out
        return code, said.out, said.err

    return call


def write(folder: Path, **files: str | bytes) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml").replace("_json", ".json").replace(
            "_toml", ".toml"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


BAD_DOCUMENTS = {
    "not YAML": (b"a: [1, 2\nb: }", ["openapi.yaml", "line 2", "neither YAML nor JSON"]),
    "not text": (b"\x89PNG\r\n\x1a\n\x00\x00", ["openapi.yaml", "UTF-8"]),
    "empty": (b"", ["openapi.yaml", "empty"]),
    "a list": (b"- 1", ["no OpenAPI document", "'openapi' or 'swagger'"]),
    "wrong version": (b"openapi: 4.0.0", ["4.0.0", "3.0, 3.1, 3.2"]),
    "no version": (b"info: {title: x}", ["neither 'openapi' nor 'swagger'"]),
    "an alias to itself": (b"a: &a [*a]", ["alias", "line 1"]),
    "5,000 levels deep": (b"[" * 5000, ["openapi.yaml", "nested deeper than 900 levels", "line 1, column "]),
    "5,000 levels of JSON": (
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        ["openapi.yaml", "nested deeper than 900 levels", "line 1, column "],
    ),
}


@pytest.mark.parametrize("name", BAD_DOCUMENTS)
@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_document_that_can_not_be_used(run: Callable, tmp_path: Path, command: str, name: str) -> None:
    data, words = BAD_DOCUMENTS[name]
    write(tmp_path, openapi_yaml=data)

    code, out, err = run(command)

    assert code == 2
    assert out == ""
    assert err.startswith("mock-server: ")
    assert all(word in err for word in words), err


def test_a_document_that_is_not_there(run: Callable) -> None:
    code, _, err = run("serve", "nowhere.yaml")

    assert code == 2
    assert "nowhere.yaml: there is no such file" in err


def test_a_folder_instead_of_a_document(run: Callable, tmp_path: Path) -> None:
    code, _, err = run("check", str(tmp_path))

    assert (code, "is a folder" in err, "Name the file" in err) == (2, True, True)


def test_a_url_that_does_not_answer(run: Callable) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code, _, err = run("check", f"http://127.0.0.1:{port}/openapi.yaml")

    assert code == 2
    assert f"127.0.0.1:{port}" in err


def test_a_dangling_reference_is_a_finding_with_its_line(run: Callable, tmp_path: Path) -> None:
    write(
        tmp_path,
        openapi_json=orjson.dumps(
            minimal({"/a": {"get": operation({"$ref": "#/components/schemas/No"})}}), option=orjson.OPT_INDENT_2
        ),
    )

    code, out, _ = run("check", "openapi.json")

    assert code == 1
    assert re.search(r"^openapi.json:1\d: error: \$ref '#/components/schemas/No'", out, re.MULTILINE)
    assert "[document-reference-unresolvable]" in out


def test_a_reference_outside_of_the_project_is_a_finding_that_says_how_to_allow_it(
    run: Callable, tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    outside = tmp_path.parent / f"{tmp_path.name}-outside.yaml"
    outside.write_text("type: integer\n")
    write(tmp_path, openapi_json=orjson.dumps(minimal({"/a": {"get": operation({"$ref": f"../{outside.name}"})}})))

    code, out, _ = run("check", "openapi.json")
    allowed, again, _ = run("check", "openapi.json", "--allow-path", str(outside.parent))

    assert code == 1
    assert "[document-reference-outside]" in out
    assert f"--allow-path {outside.parent}" in out
    assert (allowed, again) == (0, "")


def test_a_remote_reference_is_a_finding_that_says_how_to_allow_it(run: Callable, tmp_path: Path) -> None:
    write(
        tmp_path, openapi_json=orjson.dumps(minimal({"/a": {"get": operation({"$ref": "https://example.com/x.yaml"})}}))
    )

    code, out, _ = run("check", "openapi.json")

    assert (code, "--allow-remote example.com" in out, "[document-reference-remote]" in out) == (1, True, True)


BAD_FIXTURES = {
    "breaks the schema": ("one.yaml", "five", ["one.yaml:1", "not of type"]),
    "breaks the schema deep inside": (
        "one.yaml",
        "status: 200\nbody: five\n",
        ["one.yaml:2", "not of type", "(/body)"],
    ),
    "duplicate keys": ("one.yaml", "status: 200\nstatus: 200\nbody: 5\n", ["one.yaml:2", "stands twice"]),
    "duplicate keys in JSON": ("one.json", '{"status": 200, "status": 200, "body": 5}', ["one.json:1", "stands twice"]),
    "not YAML": ("one.yaml", "a: [", ["one.yaml", "neither YAML nor JSON"]),
    "an undocumented status": ("one.yaml", "status: 418\nbody: 5\n", ["one.yaml", "418", "200"]),
    "a status that is none": ("one.yaml", "status: fine\nbody: 5\n", ["one.yaml:1", "200 to 599"]),
    "a condition that is none": (
        "one.yaml",
        "when: {cookie: {a: b}}\nbody: 5\n",
        ["one.yaml:1", "path, query, headers and body"],
    ),
    "a header that can't be sent": ("one.yaml", "headers: {'a b': c}\nbody: 5\n", ["one.yaml:1", "a b"]),
}


@pytest.mark.parametrize("name", BAD_FIXTURES)
def test_a_fixture_that_can_not_be_used_stops_the_server(run: Callable, tmp_path: Path, name: str) -> None:
    file, text, words = BAD_FIXTURES[name]
    (tmp_path / "fixtures" / "op").mkdir(parents=True)
    (tmp_path / "fixtures" / "op" / file).write_text(text)
    write(tmp_path, openapi_yaml=GOOD)

    code, _, err = run("serve")
    checked, out, _ = run("check")

    assert (code, checked) == (2, 1)
    assert "correct or remove" in err
    assert all(word in err and word in out for word in words), err
    assert "[fixture-invalid]" in out


def test_a_fixture_that_can_not_be_read(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "fixtures" / "op").mkdir(parents=True)
    (tmp_path / "fixtures" / "op" / "one.yaml").symlink_to(tmp_path / "nowhere.yaml")
    write(tmp_path, openapi_yaml=GOOD)

    code, _, err = run("serve")

    assert (code, "one.yaml" in err, "no such file" in err) == (2, True, True)


def test_a_folder_of_fixtures_for_no_operation(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "own" / "nobody").mkdir(parents=True)
    write(tmp_path, openapi_yaml=GOOD)

    code, _, err = run("serve", "--fixtures", "own")
    missing, _, said = run("serve", "--fixtures", "nowhere")

    assert (code, "no operation" in err, "nobody" in err) == (2, True, True)
    assert (missing, "nowhere does not exist" in said) == (2, True)


def test_a_port_in_use(run: Callable, tmp_path: Path) -> None:
    write(tmp_path, openapi_yaml=GOOD)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = run("serve", "--port", str(taken.getsockname()[1]))

    assert (code, "is in use" in err, "--port" in err) == (2, True, True)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["serve", "--port", "99999"], ["99999"]),
        (["serve", "--host", "203.0.113.1"], ["203.0.113.1"]),
        (["serve", "--locale", "xx_YY"], ["xx_YY"]),
        (["serve", "--source", "nonsense"], ["nonsense", "fixture"]),
        (["serve", "--log-format", "xml"], ["xml", "json"]),
        (["serve", "--tls-cert", "nowhere.pem"], ["nowhere.pem"]),
        (["serve", "--tls-key", "nowhere.pem"], ["--tls-cert"]),
        (["serve", "--seed", "x"], ["--seed"]),
        (["check", "--format", "xml"], ["xml", "github"]),
        (["nonsense"], ["nonsense"]),
        (["serve", "--nonsense"], ["--nonsense"]),
    ],
)
def test_a_flag_that_makes_no_sense(run: Callable, tmp_path: Path, args: list[str], words: list[str]) -> None:
    write(tmp_path, openapi_yaml=GOOD)

    code, _, err = run(*args)

    assert code == 2
    assert all(word in err for word in words), err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed = ", ["mock-server.toml"]),
        ("seed = 'x'", ["seed", "number"]),
        ("nonsense = 1", ["nonsense", "known are"]),
        ("cors = 'maybe'", ["cors", "true or false"]),
        ("fields = 3", ["fields", "table"]),
        ("[operations.a]\nx = 1", ["operations", "source"]),
    ],
)
def test_a_settings_file_that_makes_no_sense(run: Callable, tmp_path: Path, text: str, words: list[str]) -> None:
    write(tmp_path, openapi_yaml=GOOD, **{"mock-server_toml": text})

    code, _, err = run("serve")

    assert code == 2
    assert all(word in err for word in words), err


def test_an_environment_that_makes_no_sense(run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, openapi_yaml=GOOD)
    monkeypatch.setenv("MOCK_SERVER_PORT", "many")

    assert run("serve")[0] == 2
