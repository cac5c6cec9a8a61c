"""
Schemathesis, from an environment of its own, finds nothing in the served mock.

One of its checks is left out: `ignored_auth` wants made-up keys to be refused, and a mock, which knows no users, takes any
that is well-formed. That missing ones are refused is in `respond/test_charger.py`.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.support.paths import DOCUMENT, ROOT
from tests.support.servers import Server

COMMAND = ROOT / ".tools" / "schemathesis" / "bin" / "st"


def test_schemathesis_finds_nothing(serve: Callable[..., Server], tmp_path: Path) -> None:
    assert COMMAND.is_file(), "make test installs it"
    server = serve("--log-format", "none")

    done = subprocess.run(
        [
            str(COMMAND), "run", str(DOCUMENT), "--url", server.url, "--max-examples", "60", "--seed", "1", "--no-color",
            "--phases", "examples,coverage,fuzzing,stateful", "--generation-database", "none",
            "--exclude-checks", "ignored_auth",
        ],
        capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-6000:]
