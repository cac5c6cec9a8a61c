"""
The files and hosts that an argument of a tool may name.

Arguments come from a model, which may have read them in a document, a page or an answer: they are hostile. Files lie in
the working folder, or in one that `--allow-path` names, with links followed. Hosts are this machine, or one that
`--allow-remote` names.
"""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mock_server.document.default import default_document
from mock_server.document.fetch import is_allowed
from mock_server.errors import UsageError
from mock_server.files import find_escape
from mock_server.lazy import LazyModule
from mock_server.settings import Settings

if TYPE_CHECKING:
    import httpx2
else:
    httpx2 = LazyModule("httpx2")

_LONGEST: Final = 4_096  # characters of a path or URL
_GIT: Final = re.compile(r"(?P<ref>[\w][\w./@^~{}-]*):(?P<path>[^:/][^:]*)\Z")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Reach:
    """The files and hosts that tools may reach."""

    folder: Path  # the working folder, resolved
    settings: Settings

    def document(self, where: str | None) -> str:
        """
        Return where a document is; that of the folder, else the shipped one, for None.

        Raises:
            UsageError: it may not be read, or is not there.
        """
        if where is None:
            return default_document()
        if "://" in where:
            return self.url(where)
        return self.file(where)

    def version(self, where: str) -> str:
        """
        Return where a version of a document is: a file, a URL, or REF:PATH of git.

        Raises:
            UsageError: it may not be read, or is not there.
        """
        matched = _GIT.match(where)
        if matched is None or (self.folder / where).exists():
            return self.document(where)
        if not (self.folder / ".git").exists():
            raise UsageError(f"{where} is of git, and {self.folder} is not the top of a repository")
        if ".." in Path(matched["path"]).parts:
            raise UsageError(f"{where} leads outside of {self.folder}")
        return where

    def file(self, where: str) -> str:
        """
        Return the path of a file that may be read.

        Raises:
            UsageError: it leads outside of the folders that may be read, or is not there.
        """
        _require_plain(where)
        path = self.folder / where
        allowed = [self.folder, *(folder.resolve() for folder in self.settings.allow_path)]
        if find_escape(path, allowed) is not None:
            raise UsageError(f"{where} is outside of {self.folder}; the user can allow its folder with --allow-path")
        if not path.is_file():
            raise UsageError(f"there is no file {where} in {self.folder}")
        if path.is_relative_to(self.folder):
            return str(path.relative_to(self.folder))
        return str(path)

    def url(self, url: str) -> str:
        """
        Return a URL that may be asked.

        Raises:
            UsageError: its host is neither this machine nor allowed.
        """
        _require_plain(url)
        try:
            asked = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise UsageError(f"{url} is no URL: {error}") from error
        if asked.scheme not in {"http", "https"}:
            raise UsageError(f"{url} is no URL of http or https")
        if not is_loopback_address(asked.host) and not is_allowed(url, frozenset(self.settings.allow_remote)):
            raise UsageError(f"{asked.host or url} is not this machine; the user can allow it with --allow-remote")
        return url


def is_loopback_address(host: str) -> bool:
    """Return True for `localhost` and addresses of this machine alone; other names may resolve to anything."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _require_plain(text: str) -> None:
    if not text or len(text) > _LONGEST or _CONTROLS.search(text):
        raise UsageError(f"a path or URL has 1 to {_LONGEST:,} characters, none of them a control character")
