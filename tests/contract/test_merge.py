"""`report merge`: the shards of one run become one report, in every format."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.cli.main import main
from mock_server.contract.reports.formats import REPORTS
from mock_server.contract.reports.merge import read_run
from mock_server.errors import UsageError
from mock_server.exchange.render import read_rendered, render_body, render_fields
from tests.support.mocks import minimal, operation

LONG = 40_000  # characters of a body, more than a finding shows
PATHS = {f"/{name}": {"get": operation({"type": "array", "items": {"type": "string"}})} for name in "abcd"}
APP = f"""
import json


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/c" or scope["method"] not in ("GET", "HEAD"):
        status, body = (500 if scope["path"] == "/c" else 405), b""
    else:
        status, body = 200, json.dumps(["x" * {LONG}] if scope["path"] == "/a" else [7]).encode()
    headers = [(b"content-type", b"application/json")] if body else []
    await send({{"type": "http.response.start", "status": status, "headers": headers}})
    await send({{"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body}})
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The reports of two shards of a run: /b and /d answer numbers for texts, /c fails."""
    folder = tmp_path_factory.mktemp("sharded")
    (folder / "sharded_provider.py").write_text(APP)
    (folder / "openapi.json").write_text(json.dumps(minimal(PATHS)))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for number in (1, 2):
            given_ = [f"--shard={number}/2", f"--report=ndjson={number}.ndjson", "--max-examples=2"]
            main(["test", "--app", "sharded_provider:app", "openapi.json", *given_])
    return [(folder / f"{number}.ndjson").read_bytes() for number in (1, 2)]


@pytest.fixture
def shards(recorded: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The two reports in a folder of their own, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(minimal(PATHS)))
    for number, data in enumerate(recorded, 1):
        (tmp_path / f"{number}.ndjson").write_bytes(data)
    return [tmp_path / "1.ndjson", tmp_path / "2.ndjson"]


@pytest.fixture
def merged(shards: list[Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Merge the shards, and write every format; gives what is in one of them."""
    wanted = ",".join(f"{name}=whole.{name}" for name in REPORTS)
    code = main(["report", "merge", *map(str, shards), "--report", wanted])

    assert code == 1
    assert "2 shards, 4 operations" in capfd.readouterr().err
    return lambda name: (tmp_path / f"whole.{name}").read_text()


def read_lines(path: Path, kind: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, path.read_text().splitlines()) if line["type"] == kind]


def test_sarif_has_the_findings_of_all_shards(merged: Callable[[str], str], shards: list[Path]) -> None:
    found = [finding for path in shards for finding in read_lines(path, "finding")]
    results = json.loads(merged("sarif"))["runs"][0]["results"]

    assert {result["properties"]["id"] for result in results} == {finding["id"] for finding in found}
    assert {result["properties"]["check"] for result in results} >= {
        "not_a_server_error",
        "response_schema_conformance",
    }
    assert all(result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in results)


def test_har_has_the_exchanges_of_all_shards_with_whole_bodies(
    merged: Callable[[str], str], shards: list[Path]
) -> None:
    entries = json.loads(merged("har"))["log"]["entries"]
    recorded = [exchange for path in shards for exchange in read_lines(path, "exchange")]
    sizes = {entry["response"]["bodySize"] for entry in entries if entry["request"]["url"].endswith("/a")}

    assert [(e["request"]["method"], e["request"]["url"], e["response"]["status"]) for e in entries] == [
        (e["request"]["method"], e["request"]["url"], (e["response"] or {"status": 0})["status"]) for e in recorded
    ]
    assert max(sizes) == LONG + 4


def test_long_bodies_of_a_report_are_judged_whole(shards: list[Path], capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    main(["validate", *map(str, shards), "--document", "openapi.json"])

    assert "it is no JSON" not in capfd.readouterr().out


def test_the_page_shows_the_beginning_of_long_bodies(merged: Callable[[str], str]) -> None:
    assert f"… {LONG + 4} bytes" in merged("html")
    assert "x" * 20_000 not in merged("html")


def test_the_merged_lines_can_be_merged_again(merged: Callable[[str], str], tmp_path: Path) -> None:
    merged("ndjson")
    again = read_run(tmp_path / "whole.ndjson")

    assert [exchange["number"] for exchange in again.exchanges] == [*range(1, again.count + 1)]


@pytest.mark.parametrize(
    "change",
    [{"rule": "no-such-rule"}, {"pointer": "a/b"}, {"pointer": 7}, {"type": ["finding"]}, {"type": "other"}],
    ids=str,
)
def test_a_line_that_no_run_writes_is_refused(shards: list[Path], change: dict[str, Any]) -> None:
    lines = shards[0].read_text().splitlines()
    finding = next(line for path in shards for line in read_lines(path, "finding"))
    shards[0].write_text("\n".join([json.dumps(finding | change), *lines]))

    with pytest.raises(UsageError, match="that is no line of a report ndjson"):
        read_run(shards[0])


@given(
    st.lists(st.tuples(st.binary(), st.binary())),
    st.one_of(st.binary(), st.text().map(lambda text: text.encode())),
)
def test_a_message_of_a_report_is_read_as_it_was_written(fields: list[tuple[bytes, bytes]], body: bytes) -> None:
    assert read_rendered({"headers": render_fields(fields), **render_body(body)}) == (fields, body)
