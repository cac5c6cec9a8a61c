"""Options that stand in the settings file: `[test]` and its like."""

from pathlib import Path

import orjson
import pytest

from mock_server.cli.main import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def payloads(capsys: pytest.CaptureFixture[str], *args: str) -> list[dict]:
    assert main(["payloads", *args]) == 0
    return [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_stands_in_the_table_holds_until_it_is_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mock-server.toml").write_text('[payloads]\nkind = "realistic"\ncount = 2\nstatus = 400\n')

    assert len(payloads(capsys)) == 2
    assert {record["kind"] for record in payloads(capsys)} == {"realistic"}
    assert len(payloads(capsys, "--count", "3")) == 3


def test_a_project_file_has_it_under_tool(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pyproject.toml").write_text('[tool.mock-server.payloads]\nkind = "realistic"\ncount = 1\n')

    assert len(payloads(capsys)) == 1


def test_lists_and_flags(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mock-server.toml").write_text('[test]\nmutating = true\nreport = ["no-such-report=x"]\n')

    assert main(["test", "http://127.0.0.1:1", "--trust-settings"]) == 2
    assert "no-such-report" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[test]\nxyzzy = 1\n", "[test]: there is no option 'xyzzy'; there are "),
        ("[test]\nmax_case = 1\n", "[test]: there is no option 'max_case'; did you mean max-cases?"),
        ("[test]\nmutating = 1\n", "[test]: mutating has to be true or false, not 1"),
        ("[test]\nseed = true\n", "[test]: seed has to be a text or a number, not True"),
        ("[test]\nseed = [1]\n", "[test]: seed has to be a text or a number, not [1]"),
        ("[test]\nheader = [{a = 1}]\n", "[test]: header has to be made of texts or numbers"),
        ("test = 1\n", "[test] has to be a table"),
        ("[test\n", "mock-server.toml: "),
    ],
)
def test_what_the_table_can_not_say_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], table: str, said: str
) -> None:
    (folder / "mock-server.toml").write_text(table)

    assert main(["test", "http://127.0.0.1:1", "--trust-settings"]) == 2
    assert said in capsys.readouterr().err


def test_a_value_that_is_none_for_its_option_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mock-server.toml").write_text('[test]\nseed = "soon"\n')

    assert main(["test", "http://127.0.0.1:1"]) == 2
    assert "--seed" in capsys.readouterr().err


def test_other_commands_do_not_mind_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mock-server.toml").write_text("[test]\nmutating = true\n")

    assert main(["check"]) == 0
    assert main(["validate", "--help"]) == 0
