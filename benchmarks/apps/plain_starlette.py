"""
Starlette with a route for each path template, which gives one recorded answer.

Usage: python -m benchmarks.apps.plain_starlette PORT FOLDER FILE, where the file has the templates, one a line
"""

import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.apps.listen import listen
from benchmarks.apps.recorded import Recorded, load_recorded


def make_app(recorded: Recorded, templates: list[str]) -> Starlette:
    """Make the application; Starlette sets the length of the body itself."""
    fields = {name: value for name, value in recorded.fields if name.lower() != "content-length"}

    async def answer(request: Request) -> Response:
        return Response(recorded.body, recorded.status, fields)

    return Starlette(routes=[Route(template, answer, methods=["GET"]) for template in templates])


if __name__ == "__main__":
    listen(make_app(load_recorded(Path(sys.argv[2])), Path(sys.argv[3]).read_text().split()), int(sys.argv[1]))
