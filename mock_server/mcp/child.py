"""
The entry point of a tool's process: a command, with its progress as lines on standard error.

A line of progress is JSON after a record separator, as in RFC 7464. The process ends with the one that started it:
standard input is a pipe which that one holds open.

    python -m mock_server.mcp.child check openapi.yaml
"""

import json
import os
import signal
import sys
import threading
from typing import Final

from mock_server.cli import progress
from mock_server.cli.main import main

SEPARATOR: Final = "\x1e"
# Before the arguments of a command that goes on until it is stopped, and reads nothing.
UNTIL_STOPPED: Final = "--until-stopped"


def run(arguments: list[str]) -> int:
    """
    Run a command.

    Args:
        arguments: Of `mock-server`; `UNTIL_STOPPED` before them where standard input is the starter's life.

    Returns:
        Its exit code.
    """
    if arguments[:1] == [UNTIL_STOPPED]:
        arguments = arguments[1:]
        threading.Thread(target=_end_with_starter, daemon=True).start()
    progress.report_to(_write_progress)
    return main(arguments)


def _write_progress(done: int, total: int | None, what: str) -> None:
    line = json.dumps({"done": done, "total": total, "what": what})
    sys.stderr.write(f"{SEPARATOR}{line}\n")
    sys.stderr.flush()


def _end_with_starter() -> None:
    """Wait for the end of standard input, then stop as Ctrl-C does."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
