"""A run: when, where, with what, and all its figures; written to `results/` and read again."""

import os
import platform
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from benchmarks.places import RESULTS, ROOT
from benchmarks.rounds import Measured, Plan


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of `make bench`."""

    began: str  # ISO 8601, UTC
    mode: str
    plan: Plan
    machine: dict[str, str]
    versions: dict[str, str]
    cases: dict[str, dict[str, Measured]] = field(default_factory=dict)

    def save(self) -> Path:
        """Write it; gives the file."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.began[:19].replace(':', '')}.json"
        path.write_bytes(orjson.dumps(self, option=orjson.OPT_INDENT_2))
        return path


def load_run(path: Path) -> Run:
    """
    Read a run.

    Raises:
        OSError: the file can't be read.
        ValueError: it is none of ours.
    """
    found: dict[str, Any] = orjson.loads(path.read_bytes())
    try:
        cases = {
            case: {name: Measured(**one) for name, one in subjects.items()}
            for case, subjects in found.pop("cases").items()
        }
        return Run(plan=Plan(**found.pop("plan")), cases=cases, **found)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} holds no run of this harness: {error}") from error


def newest_run() -> Path | None:
    """The file of the last run."""
    return max(RESULTS.glob("*.json"), default=None)


def describe_machine() -> dict[str, str]:
    """What the figures depend on besides versions; the load average tells how alone the run was."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return {
        "processor": f"{model}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{memory / 1e6:.0f} GB",
        "kernel": platform.release(),
        "load average at the start": f"{os.getloadavg()[0]:.1f}",
        "commit": commit.stdout.strip() or "unknown",
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
