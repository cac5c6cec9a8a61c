"""A progress bar on standard error, where people look at it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar
from rich.progress import ProgressColumn

from mock_server.json_values import Progress
from mock_server.printable import printable


@contextmanager
def show_progress(what: str = "", *columns: ProgressColumn) -> Iterator[Progress]:
    """
    Show a bar while something is done.

    Args:
        what: Is done, where the progress does not say it.
        columns: Of the bar; the usual ones if left out.
    """
    if not sys.stderr.isatty():
        yield lambda done, total, now: None
        return
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(done: int, total: int | None, now: str) -> None:
            bar.update(task, completed=done, total=total, description=escape(printable(now or what)))

        yield show
