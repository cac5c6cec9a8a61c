"""What the commands print and write, and what the admin side and the console show of a session."""

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.gold.answers import Item
from benchmarks.gold.served import COMMANDS, Ask, Draft, Mock, run_command

_FORMATS = ("ndjson", "csv", "har", "pytest", "postman", "curl")
_REPORTS = {"junit": "xml", "ctrf": "json", "har": "har", "html": "html", "ndjson": "ndjson", "markdown": "md"}
_ADMIN = (
    "requests", "requests?format=har", "requests?format=ndjson", "requests/unmatched", "requests/unmatched/near-misses", "state",
    "scenarios", "mappings", "callbacks", "webhooks", "settings", "coverage", "worlds",
)  # fmt: skip
_CONSOLE = ("/", "/operations", "/worlds", "/state", "/scenarios", "/coverage", "/disturbances", "/nowhere")
_MOST_PAGES = 30


def iter_help() -> Iterator[Item]:
    """Iterate over the help of the commands, and some wrong command lines."""
    for args in (
        ("--help",),
        *((name, "--help") for name in COMMANDS),
        ("serv",),
        ("check", "--formt", "json"),
        ("check", "nothing.yaml"),
    ):
        yield f"command line | {' '.join(args)}", run_command(*args)


def iter_catalogues(where: str, drafts: list[Draft], count: int) -> Iterator[Item]:
    """Iterate over the payloads of operations, in one format, and of the first with a body, in all."""
    with_body = [draft for draft in drafts if draft.has_body]
    for draft in drafts:
        for direction in ("request", "response") if draft.has_body else ("response",):
            args = ("payloads", draft.id, where, "--direction", direction, "--count", str(count), "--locations", "100")
            yield f"{draft.title} | payloads {direction}", run_command(*args)
    for draft in with_body[:1]:
        for form in _FORMATS[1:]:
            args = ("payloads", draft.id, where, "--direction", "request", "--count", "12", "--format", form)
            yield f"{draft.title} | payloads as {form}", run_command(*args)
        yield (
            f"{draft.title} | catalogue",
            run_command("payloads", draft.id, where, "--direction", "request", "--explain"),
        )


def iter_checks(where: str, forms: tuple[str, ...]) -> Iterator[Item]:
    """Iterate over what `check` finds, in some formats."""
    for form in forms:
        yield f"check as {form}", run_command("check", where, "--format", form)


def iter_tests(where: str) -> Iterator[Item]:
    """Iterate over the reports of a contract test of the mock, which the document in the working folder is a copy for."""
    args = ["test", "--app", "benchmarks.gold.served:tested()", where, "--seed", "1", "--mutating", "--max-cases", "12"]
    args += ["--max-examples", "3", "--phases", "examples,coverage,stateful"]
    for name, ending in _REPORTS.items():
        args += ["--report", f"{name}=reports/report.{ending}"]
    yield "test as text", run_command(*args)
    for name, ending in _REPORTS.items():
        path = Path("reports", f"report.{ending}")
        yield f"test, report {name}", path.read_bytes().decode("utf-8", "backslashreplace") if path.exists() else "none"
    yield (
        "test as json",
        run_command("test", "--app", "benchmarks.gold.served:tested()", where, "--seed", "2", "--format", "json"),
    )


def iter_session(where: str) -> Iterator[Item]:
    """Iterate over what can be seen of a session: a request of each operation, and some that fail."""
    mock = Mock(where, stateful=True)
    drafts = list(mock.drafts(12))
    for draft in drafts:
        mock.answer(draft.ask)
        mock.answer(Ask(draft.ask.method, draft.ask.path, fields=[(b"content-type", b"application/json")], body=b"{}"))
    mock.answer(Ask("GET", b"/no/such/thing"))
    for name in _ADMIN:
        path, _, query = name.partition("?")
        yield f"session | /__admin/{name}", mock.answer(Ask("GET", f"/__admin/{path}".encode(), query.encode()))
    metrics = mock.answer(Ask("GET", b"/metrics"))
    yield "session | /metrics", re.sub(r"(?m)^content-length: .*$", "content-length: <of what is masked>", metrics)
    pages = [*_CONSOLE, *(f"/operations/0/{draft.id}" for draft in drafts)]
    for path in pages:
        if len(pages) > _MOST_PAGES:
            break
        text = _show(mock, path)
        yield f"session | console {path}", text
        found = re.findall(r'href="/__console(/(?:exchanges|state|things)/[^"#]*)"', text)
        pages += [each for each in dict.fromkeys(link.replace("&amp;", "&") for link in found[:4]) if each not in pages]


def _show(mock: Mock, target: str) -> str:
    path, _, query = target.partition("?")
    return mock.answer(Ask("GET", f"/__console{path}".encode(), query.encode()))
