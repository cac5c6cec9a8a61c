"""
Putting a server together: documents, and whatever lives beside them.

The command line, the pytest plugin and a reload all build here, so that none of them forgets a part.
"""

import difflib
import importlib
import logging
from collections.abc import Sequence
from pathlib import Path

from mock_server.serve.backend import Backend, Mount
from mock_server.serve.callbacks.courier import Courier
from mock_server.serve.code import Code, Function, function_name, load_code
from mock_server.serve.opening import Opened
from mock_server.serve.state.attach import attach_state
from mock_server.settings import Settings

_log = logging.getLogger(__name__)


def assemble(opened: Sequence[Opened], settings: Settings) -> Backend:
    """
    Make the inside of a server.

    Args:
        opened: Its documents, in their order.
        settings: Of the server.

    Raises:
        UsageError: something is set to what it can't be.
    """
    backend = Backend.of(*(each.responder for each in opened))
    furnish(backend, backend.mounts, settings)
    return backend


def furnish(backend: Backend, mounts: Sequence[Mount], settings: Settings) -> None:
    """
    Give documents who else may answer for them, and what is made of documents beside.

    It is called again for every new version of a document, before that takes the place of the old one: what keeps its data by
    world, as state does, is kept by the backend and only told of the new document here.

    Args:
        backend: What stays.
        mounts: What is new.
        settings: As they are now.

    Raises:
        UsageError: something is set to what it can't be.
    """
    attach_state(backend, mounts, settings)
    Courier.of(settings)  # who can't be sent to is said now, and not when there is something to send
    if settings.handlers is not None:
        backend.code = load_code(settings.handlers, Path.cwd(), backend.code)
        _hand_over(mounts, backend.code)


def _hand_over(mounts: Sequence[Mount], code: Code) -> None:
    """Have functions answer the operations that have their names."""
    handlers = importlib.import_module("mock_server.serve.handlers").Handlers  # they bring Connexion with them
    handled: list[Function] = []
    wanted: list[str] = []
    for mount in mounts:
        ids = [entry.id for entry in mount.responder.document.entries]
        functions = code.find(ids)
        wanted += [function_name(each) for each in ids if each not in functions]
        if functions:
            mount.responder.sources = (handlers(mount.responder, functions), *mount.responder.sources)
            handled += functions.values()
    if not handled:
        named = ", ".join(sorted(code.functions)) or "it has none"
        _log.warning("no function of %s has the name of an operationId (%s): every operation is mocked", code.where, named)
        return
    for name in code.unused(handled):
        near = difflib.get_close_matches(name, wanted, 1)
        hint = f"; is {near[0]} meant?" if near else ""
        _log.warning("%s: no operation calls the function %s%s", code.where, name, hint)
