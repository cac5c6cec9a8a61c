"""
Files in untrusted folders: links that lead elsewhere, and names that are no names of files.

A folder that the user named may come from a repository that was just cloned. What is read from it has to lie in it, or
where references may read from; what is written into it stays in it.
"""

import re
import secrets
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final

from mock_server.errors import UsageError

_LONGEST: Final = 120  # characters of a folder's name; file systems take 255 bytes
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]")
_DEVICES: Final = re.compile(
    r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?\Z", re.IGNORECASE
)  # which Windows has in every folder


def folder_name(name: str) -> str:
    """
    Name a folder after any text, such as an operationId.

    What file systems do not allow becomes an underscore, and so do dots at the ends: `..` is a folder, but not one of
    ours. What is too long is cut, and told apart by a digest.
    """
    text = _UNFIT.sub("_", name)
    stripped = text.strip(".")
    leading = len(text) - len(text.lstrip("."))
    if stripped:
        text = "_" * leading + stripped + "_" * (len(text) - leading - len(stripped))
    else:
        text = "_" * max(len(text), 1)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}-{blake2b(name.encode('utf-8', 'surrogatepass'), digest_size=6).hexdigest()}"
    if _DEVICES.match(text):
        return f"{text}_"
    return text


def find_escape(path: Path, folders: Iterable[Path]) -> Path | None:
    """
    Find where a path leads, if that is outside of all folders.

    Args:
        path: Whose links are followed.
        folders: Resolved ones.
    """
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return path
    if any(real.is_relative_to(folder) for folder in folders):
        return None
    return real


def make_folder_within(folder: Path, name: str) -> Path:
    """
    Make a folder in a folder, or find it there.

    Raises:
        UsageError: it is a link that leads outside.
        OSError: it can't be made.
    """
    own = folder / name
    escape = find_escape(own, [folder.resolve()])
    if escape is not None:
        raise UsageError(f"{own} leads to {escape}, outside of {folder}: nothing is written there; remove the link")
    own.mkdir(parents=True, exist_ok=True)
    return own


def write_file(path: Path, data: bytes) -> None:
    """
    Write a file whole, or not at all; a link under its name is replaced, not followed.

    Raises:
        OSError: it can't be written.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a pipe or a terminal
        return
    draft = path.with_name(f".{path.name[:_LONGEST]}.{secrets.token_hex(4)}.tmp")
    try:
        draft.write_bytes(data)
        if path.is_file() and not path.is_symlink():
            draft.chmod(path.stat().st_mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
