"""
Putting a server together: documents, sources of answers, and everything with a lifetime.

The command line, the pytest plugin and a reload all build here, so that none of them forgets a part.

What belongs to a server while it runs: who disturbs, who sends callbacks, and what runs beside it.

Giving a server state.
"""

import asyncio
import difflib
import importlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from mock_server.callbacks.dispatch import CallbackDispatcher
from mock_server.callbacks.send import CallbackSender
from mock_server.compose.issuer import install_issuer
from mock_server.errors import UsageError
from mock_server.respond.open import OpenedDocument
from mock_server.respond.responder import Responder
from mock_server.server.backend import Backend, Mount
from mock_server.server.faults.deliver import SeededFaultInjector
from mock_server.server.user_code import Code, Function, function_name, load_code
from mock_server.settings import Settings
from mock_server.state.inference import infer
from mock_server.state.source import StateSource
from mock_server.state.store import MemoryStore, Store

_log = logging.getLogger(__name__)


def install_defaults(backend: Backend) -> None:
    """Install the default fault injector and callback sender where a backend has none."""
    if backend.disturber is None:
        backend.disturber = SeededFaultInjector(backend.settings.disturbances, str(backend.settings.seed))
    if backend.outbox is None:
        backend.outbox = CallbackDispatcher(backend)
        backend.outbox.attend()


@asynccontextmanager
async def run_background_tasks(backend: Backend) -> AsyncIterator[None]:
    """Run the background tasks of a server until it stops."""
    running = [asyncio.ensure_future(task()) for task in backend.tasks]
    for each in running:
        each.add_done_callback(_say_end)
    try:
        yield
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _say_end(task: asyncio.Future[None]) -> None:
    """Log the failure of a background task; the server goes on without it."""
    if not task.cancelled() and task.exception() is not None:
        _log.error("something that ran beside the server failed: %s", task.exception(), exc_info=task.exception())


_SHOWN = 8  # resources in the banner
KEEPER = "state"  # the name of what worlds keep
_DATABASE = "mock_server.state.database"  # imported where it is needed: SQLAlchemy takes its time


class _Opener(Protocol):
    def __call__(self, url: str) -> Store: ...


def attach_state(backend: Backend, mounts: Sequence[Mount], settings: Settings) -> None:
    """
    Let documents answer from state, as the settings say; the store is opened once and stays.

    Raises:
        UsageError: the settings contradict each other, or the store can't be opened.
    """
    check_store(settings)
    if not settings.stateful:
        return
    store = backend.worlds.keepers.get(KEEPER)
    if not isinstance(store, Store):
        store = backend.worlds.keepers[KEEPER] = open_store(settings.store)
    budget = backend.worlds.budget
    if isinstance(store, MemoryStore):
        store.most = budget.most
        budget.holders["state"] = store
    for mount in mounts:
        add_state(mount.responder, store)
    if settings.store is not None:
        backend.worlds.lasting.add(KEEPER)


def add_state(responder: Responder, store: Store) -> StateSource:
    """
    Let the operations of one document answer from state.

    Raises:
        UsageError: `x-mock` in the document says what can't be.
    """
    state = StateSource(responder, infer(responder.kit, lambda entry: responder.base_paths(entry)[0]), store)
    responder.sources = (*responder.sources, state)
    return state


def check_store(settings: Settings) -> None:
    """
    Check what is set.

    Raises:
        UsageError: a store without state, or several workers without a store that they share.
    """
    if settings.store is not None and not settings.stateful:
        raise UsageError("--store keeps state: give --stateful as well")
    if settings.stateful and settings.store is None and settings.workers > 1:
        advice = "--store sqlite:///state.db, or --store postgresql+psycopg://…"
        raise UsageError(
            f"--workers {settings.workers} with --stateful needs a store that the workers share: give {advice}"
        )


def open_store(url: str | None) -> Store:
    """
    Open the store of a URL; without one, things are kept in this process.

    Raises:
        UsageError: the URL names nothing that can be opened.
    """
    if url is None:
        return MemoryStore()
    opener: _Opener = importlib.import_module(_DATABASE).open_database
    return opener(url)


def describe_state(responders: Sequence[Responder]) -> str:
    """Describe the resources with state: `todos (GET, POST, …), …`."""
    shown: list[str] = []
    for responder in responders:
        for state in responder.sources:
            if not isinstance(state, StateSource):
                continue
            methods: dict[str, dict[str, None]] = {}
            for resource, deed in state.inferred.by_entry.values():
                methods.setdefault(resource.name, {})[deed.operation.method] = None
            shown += [f"{name} ({', '.join(found)})" for name, found in methods.items()]
    if shown:
        return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "")
    return "nothing"


def assemble(opened: Sequence[OpenedDocument], settings: Settings) -> Backend:
    """
    Make the inside of a server.

    Args:
        opened: Its documents, in their order.
        settings: Of the server.

    Raises:
        UsageError: something is set to what it can't be.
    """
    backend = Backend.of(*(each.responder for each in opened))
    configure_sources(backend, backend.mounts, settings)
    return backend


def configure_sources(backend: Backend, mounts: Sequence[Mount], settings: Settings) -> None:
    """
    Give documents their sources of answers, and make everything else that is made from documents.

    It is called again for every new version of a document, before that takes the place of the old one: what keeps its
    data by world, as state does, is kept by the backend and only told of the new document here.

    Args:
        backend: What stays.
        mounts: What is new.
        settings: As they are now.

    Raises:
        UsageError: something is set to what it can't be.
    """
    attach_state(backend, mounts, settings)
    install_issuer(backend, mounts, settings)
    CallbackSender.of(settings)  # who can't be sent to is said now, and not when there is something to send
    if settings.handlers is not None:
        backend.code = load_code(settings.handlers, Path.cwd(), backend.code)
        _hand_over(mounts, backend.code)


def _hand_over(mounts: Sequence[Mount], code: Code) -> None:
    """Have functions answer the operations that have their names."""
    handlers = importlib.import_module("mock_server.server.handlers").Handlers  # they bring Connexion with them
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
        _log.warning(
            "no function of %s has the name of an operationId (%s): every operation is mocked", code.where, named
        )
        return
    for name in code.unused(handled):
        near = difflib.get_close_matches(name, wanted, 1)
        hint = f"; is {near[0]} meant?" if near else ""
        _log.warning("%s: no operation calls the function %s%s", code.where, name, hint)
