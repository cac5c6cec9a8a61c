"""
The two testers, and what each did to an application: requests, operations reached, findings, CPU seconds.

What was reached is read off the archives of exchanges (HAR) that both write, by one router: an operation is reached
when any of its requests was answered with 2xx.
"""

import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks.places import ROOT
from mock_server import load
from mock_server.contract.api import make_api
from mock_server.document.document import Document
from mock_server.exchange.router import Matched

PEER: Final = ROOT / ".tools" / "schemathesis" / "bin" / "st"
OURS: Final = Path(sys.executable).parent / "mock-server"
_TITLE: Final = re.compile(r"_{3,} (.+?) _{3,}")
_CHECK: Final = re.compile(r"- (?:ST\d+ )?([A-Z].+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one tester did."""

    tool: str
    reached: Sequence[str]  # operations, as "GET /pets"
    requests: int
    cpu: float  # seconds, of the tester alone
    seconds: float
    findings: Sequence[dict[str, str]]  # with "operation", "check", "rule", "message", "level", "id"
    ended: int | None  # its exit code; None where it did not end in time
    says: str = field(repr=False)  # the end of what it printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A running application."""

    url: str  # with the base path
    document: Path  # OpenAPI 3.x
    folder: Path  # for the files of a tester
    seed: int
    timeout: float  # seconds that a tester has
    excluded: Sequence[str] = ()  # operations, as "POST /shutdown"


def test_with_ours(target: Target, credentials: Sequence[str]) -> Run:
    """Run `mock-server test` with its default settings."""
    archive = target.folder / "ours.har"
    words = [str(OURS), "test", target.url, str(target.document), "--mutating", "--seed", str(target.seed)]
    words += ["--format", "json", "--report", f"har={archive}", *credentials]
    words += [word for operation in target.excluded for word in ("--exclude", operation)]
    ended, out, says, cpu, seconds = _run(words, target)
    report = json.loads(out) if out.startswith("{") else {"findings": []}
    asked = read_archive(archive)
    return Run(
        tool="mock-server",
        reached=reached(load(target.document), target.url, asked),
        requests=report.get("requests", len(asked)),
        cpu=cpu,
        seconds=seconds,
        findings=report["findings"],
        ended=ended,
        says=says[-2000:],
    )


def test_with_peer(target: Target, credentials: Sequence[str]) -> Run:
    """Run Schemathesis with its default settings."""
    archive = target.folder / "peer.har"
    words = [str(PEER), "run", str(target.document), "--url", target.url, "--seed", str(target.seed), "--no-color"]
    words += ["--generation-database", "none", "--report-har-path", str(archive), *credentials]
    words += [word for operation in target.excluded for word in ("--exclude-name", operation)]
    ended, out, says, cpu, seconds = _run(words, target)
    asked = read_archive(archive)
    return Run(
        tool="Schemathesis",
        reached=reached(load(target.document), target.url, asked),
        requests=len(asked),
        cpu=cpu,
        seconds=seconds,
        findings=read_failures(out),
        ended=ended,
        says=(says or out)[-2000:],
    )


def _run(words: list[str], target: Target) -> tuple[int | None, str, str, float, float]:
    """Run a tester; gives its exit code, both outputs, CPU seconds and seconds."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended: int | None = None
    try:
        done = subprocess.run(
            words, cwd=target.folder, capture_output=True, text=True, timeout=target.timeout, check=False
        )
        ended, out, says = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        out, says = (part.decode() if isinstance(part, bytes) else part or "" for part in (late.stdout, late.stderr))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return ended, out, says, round(cpu, 1), round(time.perf_counter() - started, 1)


def read_archive(path: Path) -> list[tuple[str, str, int]]:
    """Return method, path and status of each exchange of an archive; none where there is no whole archive."""
    try:
        entries = json.loads(path.read_bytes())["log"]["entries"]
    except (OSError, ValueError, KeyError):
        return []
    return [
        (entry["request"]["method"], urlsplit(entry["request"]["url"]).path, entry["response"]["status"])
        for entry in entries
    ]


def reached(document: Document, url: str, asked: Sequence[tuple[str, str, int]]) -> list[str]:
    """Return the operations that were answered with 2xx."""
    base = urlsplit(url).path.rstrip("/")
    router = make_api(document, base, 0).router
    found = set()
    for method, path, status in asked:
        if 200 <= status < 300 and path.startswith(base):
            matched = router.match(method, path.removeprefix(base))
            if isinstance(matched, Matched):
                found.add(f"{matched.route.method} {matched.route.template}")
    return sorted(found)


def read_failures(output: str) -> list[dict[str, str]]:
    """Read the failures of Schemathesis off what it prints: one for each operation and title."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    operation = ""
    for line in output.splitlines():
        title, check = _TITLE.fullmatch(line), _CHECK.match(line)
        if title is not None:
            operation = title.group(1)
        elif check is not None and operation:
            found.setdefault((operation, check.group(1)), {"operation": operation, "check": check.group(1)})
    return list(found.values())
