"""Running a command of ours as a process of its own, bounded in time and output."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mock_server.errors import UsageError
from mock_server.mcp import child
from mock_server.mcp.reach import Reach

_MOST_OUTPUT: Final = 16 << 20  # bytes
_MOST_NOTES: Final = 100  # lines of standard error
_LONGEST_LINE: Final = 1 << 20
_SECONDS: Final = 300.0
_GRACE: Final = 5.0
_PIECE: Final = 1 << 16

Report = Callable[[float, float | None, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ended."""

    code: int  # 0 or 1: clean, or findings
    output: bytes
    notes: tuple[str, ...]  # lines of standard error


def make_command(command: str, options: Mapping[str, object], arguments: Sequence[str] = ()) -> list[str]:
    """
    Write a command so that no value is taken for an option.

    Args:
        command: Its name.
        options: By name, with underscores; a flag is True, what is None or False is left out, a list is given once for
            each item.
        arguments: Without a name.
    """
    words = [command]
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif isinstance(value, list | tuple):
            words += [f"{flag}={item}" for item in value]
        elif value is not None and value is not False:
            words.append(f"{flag}={value}")
    return [*words, "--", *arguments]


async def start(words: Sequence[str], reach: Reach, *, until_stopped: bool = False, stdin: bool = False) -> Process:
    """
    Start a command in the working folder, with what this server was allowed to reach.

    Raises:
        UsageError: its words can't be those of a process.
    """
    settings = reach.settings
    own = {
        "MOCK_SERVER_PROJECT": str(reach.folder),
        "MOCK_SERVER_ALLOW_REMOTE": ",".join(settings.allow_remote),
        "MOCK_SERVER_ALLOW_PATH": ",".join(map(str, settings.allow_path)),
        "MOCK_SERVER_ADMIN_TOKEN": settings.admin_token or "",
        "NO_COLOR": "1",
    }
    first = [child.UNTIL_STOPPED] if until_stopped else []
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            child.__name__,
            *first,
            *words,
            cwd=reach.folder,
            env={**os.environ, **own},
            stdin=PIPE if until_stopped or stdin else DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
    except (ValueError, OSError) as error:  # a character that no process may be given, or too many of them
        raise UsageError(f"that can't be an argument: {error}") from error


async def run_command(
    words: Sequence[str], reach: Reach, report: Report | None = None, given: bytes | None = None
) -> Ended:
    """
    Run a command to its end.

    Args:
        words: As `make_command` writes them.
        reach: Of this server.
        report: Called with the progress: done, total, what.
        given: Standard input.

    Raises:
        UsageError: it could not do its work, took too long or wrote too much; with what it said.
    """
    process = await start(words, reach, stdin=given is not None)
    try:
        async with asyncio.timeout(_SECONDS):
            if given is not None and process.stdin is not None:
                process.stdin.write(given)
                process.stdin.close()
            output, notes = await asyncio.gather(_read(process), _read_notes(process, report))
            code = await process.wait()
    except TimeoutError as error:
        raise UsageError(f"{words[0]} took more than {_SECONDS:g} seconds and was stopped") from error
    finally:
        await stop(process)
    if code not in {0, 1}:
        raise UsageError("\n".join(notes) or f"{words[0]} ended with {code}")
    return Ended(code, output, notes)


async def stop(process: Process) -> None:
    """Stop a process and those that it started: as Ctrl-C does, then for good."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE)


async def _read(process: Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    data = bytearray()
    while piece := await process.stdout.read(_PIECE):
        data += piece
        if len(data) > _MOST_OUTPUT:
            raise UsageError(f"the result has more than {_MOST_OUTPUT:,} bytes; ask for less")
    return bytes(data)


async def _read_notes(process: Process, report: Report | None) -> tuple[str, ...]:
    """Read standard error: progress is reported, the rest is kept."""
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    notes: list[str] = []
    while line := await _read_line(process.stderr):
        text = line.decode("utf-8", "replace").rstrip("\n")
        if text.startswith(child.SEPARATOR):
            now = json.loads(text[1:])
            if report is not None:
                await report(now["done"], now["total"], now["what"])
        elif len(notes) < _MOST_NOTES:
            notes.append(text)
    return tuple(notes)


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    """Read a line; one that is too long in pieces."""
    try:
        return await stream.readline()
    except ValueError:
        return await stream.read(_PIECE)
