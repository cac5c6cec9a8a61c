"""
Test real applications with `mock-server test` and Schemathesis, side by side.

    python -m benchmarks.real --documents FOLDER alertmanager kinto

Documents that no package has are files of FOLDER; `applications` says where each comes from. Results are written to
`benchmarks/results/real.json`.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import orjson
import yaml

from benchmarks.places import RESULTS, Missing, find_program
from benchmarks.process import Command, Server, ServerFailed, running
from benchmarks.real.applications import APPLICATIONS, Application, Folders
from benchmarks.real.install import InstallFailed, Packages, install
from benchmarks.real.tools import Run, Target, test_with_ours, test_with_peer
from benchmarks.real.verdicts import VERDICTS, judge, read_rows
from mock_server import load

_PATIENCE = 120  # seconds that an application has to come up
_EXACT = "exactly:"
_OUT = RESULTS / "real.json"


class NoDocument(Exception):
    """The document of an application can't be had."""


def main() -> None:
    """Read the arguments, and test one application after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real")
    parser.add_argument("applications", nargs="*", default=list(APPLICATIONS), metavar="APPLICATION")
    parser.add_argument(
        "--documents", type=lambda text: Path(text).resolve(), help="a folder with the documents that no package has"
    )
    parser.add_argument("--tools", default="mock-server,Schemathesis")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=1200, help="seconds that a tester has for one application")
    parser.add_argument("--out", type=Path, default=_OUT)
    options = parser.parse_args()
    unknown = set(options.applications) - APPLICATIONS.keys()
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(APPLICATIONS)}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    results = json.loads(options.out.read_text()) if options.out.is_file() else {}
    failed = False
    for name in options.applications:
        try:
            results.setdefault(name, {}).update(measure(name, APPLICATIONS[name], options))
        except (InstallFailed, Missing, ServerFailed, NoDocument) as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
        options.out.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))
    print(summarise({name: results[name] for name in options.applications if name in results}))
    sys.exit(failed)


def summarise(results: dict) -> str:
    """Write the table of the page: for each application what both testers reached, sent, took and found."""
    judged = read_rows()
    lines = [
        "| application | reached with 2xx | requests | CPU s | findings: true, false, debatable |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, measured in results.items():
        tools = [measured[tool] for tool in ("mock-server", "Schemathesis") if tool in measured]
        counts, open_ = judge(judged.get(name, ()), measured.get("mock-server", {}).get("findings", ()))
        figures = (
            " / ".join(str(len(tool["reached"])) for tool in tools) + f" of {measured['operations']}",
            " / ".join(f"{tool['requests']:,}" for tool in tools),
            " / ".join(f"{tool['cpu']:.0f}" for tool in tools),
            ", ".join(str(counts[verdict]) for verdict in VERDICTS[:3]) + f" / {len(tools[-1]['findings'])}",
        )
        lines.append(f"| {name} | {' | '.join(figures)} |")
        lines += [f"<!-- not judged: {text} -->" for text in open_]
    return "\n".join(lines)


def measure(name: str, application: Application, options: argparse.Namespace) -> dict:
    """Test one application with each tester, each time newly started with data of its own."""
    installed = install(name, application.packages)
    tools: dict[str, Callable[[Target], Run]] = {
        "mock-server": lambda target: test_with_ours(target, application.ours),
        "Schemathesis": lambda target: test_with_peer(target, application.peer),
    }
    measured: dict = {}
    for tool in options.tools.split(","):
        with (
            tempfile.TemporaryDirectory(prefix=f"real-{name}-") as scratch,
            _started(application, installed, Path(scratch)) as server,
        ):
            document = find_document(name, application, installed, server, options.documents)
            target = Target(
                url=server.url + application.base,
                document=document,
                folder=Path(scratch),
                seed=options.seed,
                timeout=options.timeout,
                excluded=application.excluded,
            )
            run = tools[tool](target)
            measured["operations"] = len(load(document).entries)
            measured[tool] = asdict(run) | {"died": _death_of(server)}
        print(
            f"{name}, {tool}: reached {len(run.reached)} of {measured['operations']}, {run.requests} requests, "
            f"{run.cpu} CPU s, {run.seconds} s, {len(run.findings)} findings, ended with {run.ended}"
            + (", and the application died" if measured[tool]["died"] else ""),
            flush=True,
        )
    return measured


@contextmanager
def _started(application: Application, installed: Path, scratch: Path) -> Iterator[Server]:
    """Start an application with an empty folder for its data."""
    data = scratch / "data"
    data.mkdir()
    folders = Folders(installed, data)
    application.prepare(folders)
    command: Command = application.command(folders)
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    with running(command, cores, scratch / "application.log") as server:
        end = time.monotonic() + _PATIENCE
        while not _answers(server.url + application.ready):
            server.check()
            if time.monotonic() > end:
                raise ServerFailed(f"it did not answer at {application.ready}: {server.output()}")
            time.sleep(0.2)
        yield server


def _answers(url: str) -> bool:
    """Return whether something answers at a URL, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - of the application on loopback
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _death_of(server: Server) -> str:
    """Return what an application printed before it ended; empty where it runs."""
    try:
        server.check()
    except ServerFailed as error:
        return str(error)
    return ""


def find_document(name: str, application: Application, installed: Path, server: Server, folder: Path | None) -> Path:
    """
    Find the document of an application, in OpenAPI 3.x: Swagger 2.0 is converted by swagger2openapi.

    Raises:
        NoDocument: it is not there.
    """
    written = application.document
    if written.startswith("/"):
        kept = installed / "document.json"
        with urllib.request.urlopen(server.url + written, timeout=30) as answer:  # noqa: S310 - see above
            kept.write_bytes(answer.read())
    elif application.source:
        kept = (folder or Path()) / written
        if folder is None or not kept.is_file():
            raise NoDocument(f"--documents needs a folder with {written}: {application.source}")
    else:
        kept = next(installed.glob(written), installed / written)
    if "swagger" not in yaml.safe_load(kept.read_bytes()):
        return kept
    return _convert(kept, installed / "document-3.json")


def _convert(old: Path, new: Path) -> Path:
    """Convert Swagger 2.0 to OpenAPI 3.0."""
    folder = install("converter", Packages(npm=("swagger2openapi",)))
    copied = new.with_name("document-2.json")
    copied.write_text(json.dumps(_guard_numbers(yaml.safe_load(old.read_bytes())), default=str))
    words = [str(folder / "node_modules" / ".bin" / "swagger2openapi"), "--patch", "--outfile", str(new), str(copied)]
    done = subprocess.run([find_program("node"), *words], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode or not new.is_file():
        raise NoDocument(f"swagger2openapi failed: {(done.stderr or done.stdout)[-500:]}")
    new.write_text(re.sub(rf'"{_EXACT}(-?[0-9]+)"', r"\1", new.read_text()))
    return new


def _guard_numbers(value: object) -> object:
    """Write integers that JavaScript would round as texts, so that they come through the conversion as they are."""
    if isinstance(value, dict):
        return {key: _guard_numbers(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_guard_numbers(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return f"{_EXACT}{value}"
    return value


if __name__ == "__main__":
    main()
