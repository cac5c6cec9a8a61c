"""
Saying something on a terminal.

Everything that is printed goes through here, so that nothing foreign is obeyed there.
"""

import io
import sys
from typing import TextIO

from mock_server.printable import printable, printable_lines


def say(*lines: str, to: TextIO | None = None) -> None:
    """
    Print lines.

    Args:
        lines: Each is one line, whatever it holds.
        to: Standard output, if left out.
    """
    if to is not None:
        out = to
    else:
        out = sys.stdout
    out.write("".join(f"{printable_lines(printable(line))}\n" for line in lines))
    out.flush()


def count_noun(count: int, noun: str) -> str:
    """Return a count with its noun: `1 fixture`, `2 fixtures`."""
    return f"{count:,} {noun}{'s' if count != 1 else ''}"


def take_any_character() -> None:
    """Let streams write out what their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
