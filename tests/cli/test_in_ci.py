"""What a pipeline needs: an API that is not there yet, shards whose reports merge, a rate that adapts."""

import json
import threading
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server import load
from mock_server.cli.main import main
from mock_server.contract.scope import choose_shard
from mock_server.contract.transport.http import Received
from mock_server.contract.transport.paced import PacedSender, wait_until_ready
from mock_server.errors import TransportError, UsageError
from mock_server.exchange.message import Request, Response
from tests.support.paths import ROOT

PROJECTS = ROOT / "tests" / "defects" / "projects.yaml"
FLAGS = ["--auth", "apiKey=key-of-ada", "--phases", "examples,coverage"]
MODULE = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests" / "defects")!r})
from tests.defects.table import DEFECTS
wrong = next(defect for defect in DEFECTS if defect.name == "a string where a number is").make()
"""


class Clock:
    """A clock that waiting moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Api:
    """An API that answers as a function of the time says."""

    origin = "http://x"

    def __init__(self, clock: Clock, answer: object) -> None:
        self.clock, self.answer, self.moments = clock, answer, list[float]()

    def send(self, request: Request) -> Received:
        self.moments.append(self.clock.now)
        self.clock.now += 0.001
        status, *fields = self.answer(self)  # type: ignore[operator]
        return Received(Response(status, tuple(fields), b"") if status else None, detail="refused")

    def break_off(self) -> None: ...
    def go_on(self) -> None: ...
    def close(self) -> None: ...


@pytest.mark.parametrize("before", [0, 502, 503])
def test_a_run_waits_until_the_api_answers(before: int) -> None:
    """A refused connection, and a gateway without anything behind it, are no answer; a 404 is one."""
    clock = Clock()
    api = Api(clock, lambda api: (404 if api.clock.now > 3 else before,))
    wait_until_ready(api, b"", 60, clock, clock.sleep)

    assert 3 < clock.now < 4


def test_an_api_that_never_answers_is_given_up() -> None:
    clock = Clock()
    with pytest.raises(TransportError, match="did not answer within 5 s: refused"):
        wait_until_ready(Api(clock, lambda api: (0,)), b"/v1", 5, clock, clock.sleep)

    assert clock.now < 6


def test_wait_is_a_flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(503 if len(asked) < 3 else 404)
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - its name

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        try:
            code = main(["test", url, str(PROJECTS), "--wait", "20", *FLAGS])
        finally:
            server.shutdown()  # else its thread would never rest
    assert code == 2
    assert asked[:3] == ["/v1"] * 3
    assert main(["test", url, str(PROJECTS), "--wait", "0.5", *FLAGS]) == 2
    assert "it did not answer within 0.5 s" in capsys.readouterr().err


def test_an_adapting_rate_finds_what_the_api_takes() -> None:
    """Ten a second are allowed: 200 requests meet the limit a few times, and are done in about 20 seconds."""
    clock = Clock()

    def answer(api: Api) -> tuple[object, ...]:
        recent = sum(moment > api.clock.now - 1 for moment in api.moments)
        return (429, (b"retry-after", b"1")) if recent > 10 else (200,)

    api = Api(clock, answer)
    sender = PacedSender(api, adapts=True, clock=clock, sleep=clock.sleep)
    statuses = [sender.send(Request("GET", b"/", b"", (), b"")).response.status for _ in range(200)]  # type: ignore[union-attr]

    assert statuses == [200] * 200
    assert sender.limited < 20
    assert 15 < clock.now < 60


def test_a_limit_that_is_announced_is_not_met() -> None:
    clock = Clock()

    def answer(api: Api) -> tuple[object, ...]:
        used = sum(moment >= api.clock.now // 4 * 4 for moment in api.moments)
        left = max(0, 8 - used)
        fields = ((b"ratelimit-remaining", str(left).encode()), (b"ratelimit-reset", b"4"))
        return (429 if used > 8 else 200, *fields)

    sender = PacedSender(Api(clock, answer), adapts=True, clock=clock, sleep=clock.sleep)
    for _ in range(60):
        sender.send(Request("GET", b"/", b"", (), b""))

    assert sender.limited == 0


@pytest.mark.parametrize("rate", ["0", "-1", "fast", "nan"])
def test_a_rate_is_a_number_or_auto(rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "http://127.0.0.1:9", str(PROJECTS), "--rate-limit", rate]) == 2
    assert "or auto" in capsys.readouterr().err


ENTRIES = load(PROJECTS).entries


@given(st.integers(1, 12))
def test_each_operation_is_in_one_shard_with_the_others_of_its_path(count: int) -> None:
    shards = [choose_shard(ENTRIES, f"{number}/{count}") for number in range(1, count + 1)]
    sizes = [len(shard) for shard in shards]

    assert sorted(entry.id for shard in shards for entry in shard) == sorted(entry.id for entry in ENTRIES)
    assert sum(len({entry.template for entry in shard}) for shard in shards) == len({e.template for e in ENTRIES})
    assert max(sizes) - min(sizes) <= 6


@pytest.mark.parametrize("shard", ["0/4", "5/4", "1", "1/0", "a/b", "1/9999", "-1/2", ""])
def test_a_shard_is_one_of_several(shard: str) -> None:
    with pytest.raises(UsageError, match="as in 1/4"):
        choose_shard(ENTRIES, shard)


def test_shards_merge_into_the_report_of_the_whole_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sharded_app.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    words = ["test", "--app", "sharded_app:wrong", str(PROJECTS), *FLAGS]
    codes = {main([*words, "--shard", f"{n}/3", "--report", f"ndjson={n}.ndjson"]) for n in (1, 2, 3)}
    whole = main([*words, "--report", "ndjson=whole.ndjson"])
    capsys.readouterr()
    reports = "html=all.html,junit=all.xml,ctrf=all.json,ndjson=all.ndjson,markdown=all.md"

    assert main(["report", "merge", "1.ndjson", "2.ndjson", "3.ndjson", "--report", reports]) == whole == 1
    assert codes <= {0, 1}
    assert "3 shards, " in capsys.readouterr().err

    def read(name: str) -> dict[str, list[dict[str, object]]]:
        lines = [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
        return {kind: [line for line in lines if line["type"] == kind] for kind in ("exchange", "finding", "run")}

    merged, single = read("all.ndjson"), read("whole.ndjson")
    ids = {finding["id"] for finding in single["finding"] if finding["level"] == "error"}
    assert {finding["id"] for finding in merged["finding"] if finding["level"] == "error"} == ids
    assert len(merged["exchange"]) <= merged["run"][0]["requests"]  # each shard asks the others' lists for ids
    titles = [{item["title"] for item in run["run"][0]["operations"]} for run in (merged, single)]  # type: ignore[attr-defined]
    assert titles[0] == titles[1]
    cases = ET.parse(tmp_path / "all.xml").getroot().iter("testcase")  # noqa: S314 - our own output
    assert sum(case.find("failure") is not None for case in cases) > 0
    assert main(["report", "merge", "all.ndjson", "--report", "ndjson=again.ndjson"]) == 1
    assert (tmp_path / "again.ndjson").read_text() == (tmp_path / "all.ndjson").read_text()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no report ndjson"),
        ("{", "bad.ndjson:1"),
        ('{"type": "run"}', "that is no line of a report"),
        ("[" * 100_000, "bad.ndjson:1"),
        ('{"type": "finding", "id": "<script>"}', "that is no line of a report"),
    ],
)
def test_what_is_no_report_is_not_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.ndjson").write_text(text)

    assert main(["report", "merge", "bad.ndjson"]) == 2
    assert reason in capsys.readouterr().err
    assert main(["report", "merge", "nowhere.ndjson"]) == 2
    assert main(["report", "split", "bad.ndjson"]) == 2
