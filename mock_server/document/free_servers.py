"""
Server URLs with variables of any value: `https://{tenant}.example.com/{basePath}`.

What such a variable may be is bounded by the parts of a URL: one in the host has no slash, one in the path is a
segment, or as many as its default has at least. Source: OAS 3.1.1, Server Variable Object, where `enum` alone limits
the values
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from mock_server.document.model import Server

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_ORIGIN: Final = re.compile(r"\A(?:[^/]*//[^/]*|[\w{}-]+(?:\.[\w{}-]+)+(?::[\w{}]+)?(?=/|\Z))")
_IN_HOST: Final = "[A-Za-z0-9._~%-]{1,100}"
_SEGMENT: Final = "[^/?#]+"
_SEGMENTS: Final = "[^/?#]+(?:/[^/?#]+)*"
# The fixed end of a host that is long enough to belong to somebody: `.example.com`, but not `.com`.
_DOMAIN: Final = re.compile(r"(?:\.[A-Za-z0-9-]+){2,}(?::\d+)?\Z")
_MOST_SEGMENTS: Final = 8  # of a base path


class FreeBases:
    """The base paths in which variables take any value."""

    def __init__(self, servers: Iterable[Server]) -> None:
        """
        Gather them.

        Args:
            servers: The others among them are passed over.
        """
        found = ((_base_pattern(server), server.base_path) for server in servers)
        self._patterns = tuple(dict.fromkeys((pattern, usual) for pattern, usual in found if pattern is not None))

    def iter_ways(self, path: str) -> Iterator[tuple[str, str]]:
        """Iterate over the prefixes of a path that may be a base path, the shortest first, each with its default."""
        ends = (
            [*[at for at, char in enumerate(path) if char == "/" and at][:_MOST_SEGMENTS], len(path)]
            if self._patterns
            else []
        )
        for pattern, usual in self._patterns:
            yield from ((path[:end], usual) for end in ends if pattern.fullmatch(path[:end]))


def _base_pattern(server: Server) -> re.Pattern[str] | None:
    """Return the pattern of the base paths of a server; None where no variable in its path is free."""
    path = _ORIGIN.sub("", server.template, count=1).partition("?")[0].partition("#")[0]
    path = "/" + path.strip("./")
    if "{" not in path:
        return None
    # a default with slashes says that there may be several segments
    several = server.base_path.count("/") > path.count("/")
    return re.compile(_written(path, _SEGMENTS if several else _SEGMENT))


def domain_of(server: Server) -> str:
    """Return the fixed end of a host with free variables, such as `.example.com`, or an empty text."""
    host = server.template.partition("//")[2].partition("/")[0]
    if "{" not in host:
        return ""
    found = _DOMAIN.search(host)
    return found.group() if found is not None else ""


def url_pattern(server: Server) -> str:
    """Return a regular expression of the URLs of a server with such a host, without scheme."""
    host = server.template.partition("//")[2].partition("/")[0]
    return _written(host, _IN_HOST) + re.escape(urlsplit(server.url).path.rstrip("/"))


def _written(template: str, value: str) -> str:
    """Return a template as a regular expression."""
    pieces = [re.escape(piece) for piece in _VARIABLE.split(template)]
    pieces[1::2] = [value] * (len(pieces) // 2)
    return "".join(pieces)
