"""A request as a curl line, for people to send it again."""

import shlex

from mock_server.exchange.message import Request


def write_curl(request: Request, origin: str) -> str:
    """
    Write a request as a line for a POSIX shell.

    Args:
        request: What to send; a body that is not UTF-8 is written as near as a shell takes it.
        origin: Scheme, host and port: `http://127.0.0.1:4010`.
    """
    path = request.path.decode("latin-1") + ("?" + request.query.decode("latin-1") if request.query else "")
    parts = ["curl"]
    if request.method == "HEAD":
        parts.append("-I")
    elif request.method not in {"GET", "POST"} or (request.method == "POST" and not request.body):
        parts += ["-X", request.method]
    for name, value in request.fields:
        parts += ["-H", shlex.quote(f"{name.decode('latin-1')}: {value.decode('latin-1')}")]
    if request.body:
        parts += ["--data-binary", shlex.quote(request.body.decode("utf-8", "replace"))]
    return " ".join((*parts, shlex.quote(origin + path)))
