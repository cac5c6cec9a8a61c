"""The areas beside the API, the admin side and the console: who listens from the start, and what is made when it is asked for."""

import importlib
from collections.abc import Iterator

from mock_server.finding import Finding
from mock_server.serve.admin.coverage import Coverage
from mock_server.serve.admin.guard import Guard, guarded
from mock_server.serve.admin.metrics import Metrics
from mock_server.serve.backend import Asgi, Backend
from mock_server.serve.deferred import Deferred

ADMIN = b"/__admin"
METRICS = b"/metrics"
CONSOLE = b"/__console"


def install_admin(backend: Backend, guard: Guard) -> Coverage:
    """Put the admin side beside the API of a server, and let it hear of every exchange; gives who counts what is used."""
    coverage = Coverage(lambda: (mount.responder for mount in backend.mounts), backend.worlds)
    metrics = Metrics(backend.worlds)
    backend.listeners += [coverage.listen, metrics.listen]

    def make() -> Asgi:
        made: Asgi = importlib.import_module("mock_server.serve.admin.area").create_admin(backend, guard, coverage, metrics)
        return made

    app = guarded(Deferred(make), guard)
    backend.areas.update({ADMIN: app, METRICS: app})
    return coverage


def install_console(backend: Backend, guard: Guard, coverage: Coverage) -> None:
    """
    Put the console beside the API of a server.

    Args:
        backend: The server's inside.
        guard: Who may come in.
        coverage: Who counts what is used.
    """

    def make() -> Asgi:
        made: Asgi = importlib.import_module("mock_server.serve.console.site").open_console(backend, guard, coverage)
        return made

    backend.areas[CONSOLE] = Deferred(make)


def find_hidden(backend: Backend) -> Iterator[Finding]:
    """
    Find the operations that can't be reached, since their paths are those of the admin side or the console.

    A document that was just cloned could otherwise take the place of the form that asks for the token.
    """
    for mount in backend.mounts:
        responder = mount.responder
        for entry in responder.document.entries:
            paths = [base + entry.template for base in responder.base_paths(entry)]
            if all(backend.reserves(path.encode()) for path in paths):
                message = (
                    f"{entry.method} {paths[0]} is not answered: {ADMIN.decode()} and {CONSOLE.decode()} are this server's own;"
                    " --admin-port gives them a port of their own, --no-admin leaves them out"
                )
                yield Finding(rule="document-path-ambiguous", message=message, place=entry.node.place, operation=entry.id)
