"""A progress bar on standard error where people look at it; elsewhere a line now and then, as in the log of a build."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar
from rich.progress import ProgressColumn

from mock_server.cli.terminal import say
from mock_server.json_values import Progress
from mock_server.printable import printable

_EVERY: Final = 30.0  # seconds between lines

_reporter: Progress | None = None


def report_to(reporter: Progress) -> None:
    """Report the progress of this process to a function, instead of showing it."""
    global _reporter  # noqa: PLW0603 - there is one progress of a process
    _reporter = reporter


@contextmanager
def show_progress(what: str = "", *columns: ProgressColumn) -> Iterator[Progress]:
    """
    Show a bar while something is done.

    Args:
        what: Is done, where the progress does not say it.
        columns: Of the bar; the usual ones if left out.
    """
    if _reporter is not None:
        reporter = _reporter
        yield lambda done, total, now: reporter(done, total, now or what)
        return
    if not sys.stderr.isatty():
        yield _Lines(what).show
        return
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(done: int, total: int | None, now: str) -> None:
            bar.update(task, completed=done, total=total, description=escape(printable(now or what)))

        yield show


class _Lines:
    """Progress as lines, where no bar can be drawn and the work takes long."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._clock = clock
        self._next = clock() + _EVERY

    def show(self, done: int, total: int | None, now: str) -> None:
        """Write the progress, at most one line in a while."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + _EVERY
        count = f"{done:,} of {total:,}: " if total else ""
        say(printable(f"… {count}{now or self._what}"), to=sys.stderr)
