"""
Files as git knows them: `REF:PATH`, with the files that they refer to.

git is the only program that is started. What a user writes goes to its standard input, so that none of it is taken for
an option; nothing is fetched, and no program that a repository names is run.
"""

import os
import re
import shutil
import subprocess
from collections import deque
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urldefrag

from mock_server.document.references import find_written
from mock_server.errors import UsageError

_SOURCE: Final = re.compile(r"(?P<ref>[^:\s][^:]*):(?P<path>[^:]+)\Z")
_MOST_FILES: Final = 500
_SECONDS: Final = 60
_LARGEST: Final = 64 * 1024 * 1024  # bytes of a file
_COMMAND: Final = ("-c", "protocol.allow=never", "cat-file", "--batch")

_ENVIRONMENT: Final = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}


def parse_git_source(where: str) -> tuple[str, str] | None:
    """Read `REF:PATH`; None for what is a file or a URL."""
    matched = _SOURCE.match(where)
    if matched is None or "://" in where or Path(where).exists() or "\n" in where:
        return None
    if len(matched["ref"]) == 1 and where[2:3] in {"\\", "/"} and matched["ref"].isalpha():
        return None  # a drive of Windows
    return matched["ref"], matched["path"]


def write_git_files(ref: str, path: str, folder: Path) -> Path:
    """
    Write a file of a state of the repository into a folder, with all that it refers to.

    Args:
        ref: A branch, tag or commit.
        path: Of the file, from the top of the repository; from here where it begins with `./`.
        folder: To write into.

    Returns:
        Where the file is.

    Raises:
        UsageError: git is not there, or does not know the file.
    """
    git = shutil.which("git")
    if git is None:
        raise UsageError(f"{ref}:{path} is read by git, which is not installed")
    first = _normal(path, ref, git)
    todo, done = deque([first]), {first}
    while todo:
        name = todo.popleft()
        data = _read(git, f"{ref}:{name}")
        if data is None and name == first:
            raise UsageError(_explain(git, ref, path))
        if data is None:
            continue  # said where the reference is followed
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        for written in find_written(data):
            other = _beside(name, written)
            if other is not None and other not in done and len(done) < _MOST_FILES:
                done.add(other)
                todo.append(other)
    return folder / first


def _explain(git: str, ref: str, path: str) -> str:
    """Say why a file of a state of the repository can't be had, and what to write instead."""
    kinds = {each: _find_kind(git, each) for each in (f"{ref}^{{commit}}", f"{ref}:{path}")}
    if kinds[f"{ref}^{{commit}}"] != "commit":
        return (
            f"{ref}:{path}: git knows no branch, tag or commit {ref!r} here; `git fetch` gets those of a server, "
            "`actions/checkout` with `fetch-depth: 0`"
        )
    if kinds[f"{ref}:{path}"] == "tree":
        return f"{ref}:{path} is a folder; name a file in it, as in {ref}:{path.rstrip('/')}/openapi.yaml"
    return (
        f"{ref}:{path}: there is no such file in {ref}; paths are from the top of the repository, "
        f"from here with ./ before them, and `git ls-tree -r --name-only {ref}` lists them"
    )


def _find_kind(git: str, name: str) -> str:
    """Return what git has under a name: a commit, a tree (which is a folder), a blob; another word for nothing."""
    ended = subprocess.run(  # noqa: S603 - git, with words of ours only
        [git, *_COMMAND[:-1], "--batch-check"],
        input=f"{name}\n",
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
        env={**os.environ, **_ENVIRONMENT},
    )
    return ended.stdout.strip().split(" ")[-2:][0]


def _normal(path: str, ref: str, git: str) -> str:
    """Return a path from the top of the repository."""
    if not path.startswith("./"):
        found = _inside(PurePosixPath(path))
    else:
        prefix = subprocess.run(  # noqa: S603 - git, with words of ours only
            [git, "rev-parse", "--show-prefix"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        found = _inside(PurePosixPath(prefix.stdout.strip()) / path)
    if found is None:
        raise UsageError(f"{ref}:{path} leads out of the repository")
    return found


def _beside(name: str, ref: str) -> str | None:
    """Return the file that a reference in a file leads to; None for one that is in no file of the repository."""
    target = unquote(urldefrag(ref)[0])
    if not target or "://" in target or target.startswith("/"):
        return None
    return _inside(PurePosixPath(name).parent / target)


def _inside(path: PurePosixPath) -> str | None:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    text = "/".join(parts)
    return text if text and "\n" not in text and not path.is_absolute() else None


def _read(git: str, name: str) -> bytes | None:
    """Read a file of a state of the repository; None where there is none."""
    environment = {**os.environ, **_ENVIRONMENT}
    try:
        ended = subprocess.run(  # noqa: S603 - git, with words of ours only
            [git, *_COMMAND],
            input=f"{name}\n".encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"git took more than {_SECONDS} s to read {name}") from error
    head, _, rest = ended.stdout.partition(b"\n")
    words = head.split()
    if ended.returncode != 0 or len(words) < 3 or words[-2] != b"blob":  # noqa: PLR2004 - id, type, size
        return None
    size = int(words[-1])
    if size > _LARGEST:
        raise UsageError(f"{name} is larger than {_LARGEST:,} bytes")
    return rest[:size]
