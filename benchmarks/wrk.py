"""Load: what is sent, and wrk, which sends it as fast as it is answered."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from benchmarks.places import HERE, find_program

_SCRIPT: Final = HERE / "load.lua"
_PATIENCE = 60  # seconds that one answer may take; Prism needs several for a recursive document


class LoadFailed(Exception):
    """The load generator could not do its work, or was answered with what was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests: their targets in turn, where `{n}` stands for a number that never repeats."""

    targets: tuple[str, ...]
    method: str = "GET"
    body: bytes = b""
    fields: tuple[tuple[str, str], ...] = ()
    refused: bool = False  # whether answers of 400 and above are what is wanted
    connections: int = 32
    stretch: int = 1  # how many times as long as usual a slice is, where answers are slow


@dataclass(frozen=True, slots=True)
class Answered:
    """What one run of wrk counted."""

    answers: int
    seconds: float
    bytes: int  # with header fields
    p50: float  # milliseconds
    p99: float


def send(load: Load, url: str, seconds: int, *, cores: str, first: int = 0) -> Answered:
    """
    Send requests for a while.

    Args:
        load: What to send.
        url: The origin, as in `http://127.0.0.1:4010`.
        seconds: How long.
        cores: Where wrk may run, as taskset has it.
        first: Where the numbers begin.

    Raises:
        LoadFailed: wrk failed, or some answers were not what is wanted.
        Missing: wrk or taskset is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        targets, body = Path(folder, "targets"), Path(folder, "body")
        targets.write_text("".join(f"{target}\n" for target in load.targets))
        body.write_bytes(load.body)
        command = [find_program("taskset"), "-c", cores, find_program("wrk"), "--threads", "1"]
        command += ["--connections", str(load.connections), "--duration", f"{seconds}s", "--timeout", f"{_PATIENCE}s"]
        command += [
            "--script",
            str(_SCRIPT),
            url,
            "--",
            load.method,
            str(targets),
            str(body) if load.body else "-",
            str(first),
        ]
        command += [f"{name}: {value}" for name, value in load.fields]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 2 * _PATIENCE, check=False)
    if done.returncode != 0:
        raise LoadFailed(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    return parse(done.stdout, refused=load.refused)


def parse(output: str, *, refused: bool) -> Answered:
    """
    Read what `load.lua` writes at the end of a run.

    Args:
        output: What wrk printed.
        refused: Whether answers of 400 and above are what is wanted.

    Raises:
        LoadFailed: there is no such line, or some answers were not what is wanted.
    """
    line = next((line for line in output.splitlines() if line.startswith('{"answers"')), None)
    if line is None:
        raise LoadFailed(f"wrk printed no figures: {output.strip()!r}")
    found = orjson.loads(line)
    answers = found["answers"]
    if found["broken"]:
        raise LoadFailed(f"{found['broken']} connections or requests broke off or took more than {_PATIENCE} s")
    if found["refused"] != (answers if refused else 0):
        raise LoadFailed(f"{found['refused']} of {answers} answers had a status of 400 or above")
    return Answered(answers, found["microseconds"] / 1e6, found["bytes"], found["p50"] / 1000, found["p99"] / 1000)
