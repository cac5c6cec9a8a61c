"""A request as a curl line, for people to send it again."""

import re
import shlex
from typing import Final

from mock_server.exchange.message import Request
from mock_server.printable import printable

_GLOB: Final = re.compile(r"[\[\]{}]")  # what curl takes for a range in a URL


def write_curl(request: Request, origin: str) -> str:
    """
    Write a request as a line for a POSIX shell.

    Args:
        request: What to send; a body that is not UTF-8 is written as near as a shell takes it.
        origin: Scheme, host and port: `http://127.0.0.1:4010`.
    """
    parts = ["curl"]
    if request.method == "HEAD":
        parts.append("-I")
    elif request.method not in {"GET", "POST"} or (request.method == "POST" and not request.body):
        parts += ["-X", request.method]
    for name, value in request.fields:
        parts += ["-H", _quote(f"{name.decode('latin-1')}: {value.decode('latin-1')}")]
    if request.body:
        parts += ["--data-binary", _quote(request.body.decode("utf-8", "replace"))]
    if _GLOB.search(request.target):
        parts.append("--globoff")
    return " ".join((*parts, _quote(origin + request.target)))


def _quote(text: str) -> str:
    """Quote for a shell, on one line: what a terminal would obey is written out, POSIX.1-2024, section 2.2.4."""
    shown = printable(text)
    if shown == text:
        return shlex.quote(text)
    escaped = "".join(map(_escape, text.replace("\\", "\\\\").replace("'", "\\'")))
    return "$'" + escaped.replace("\\012", "\\n").replace("\\015", "\\r").replace("\\011", "\\t") + "'"


def _escape(char: str) -> str:
    if printable(char) == char:
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "replace"))
