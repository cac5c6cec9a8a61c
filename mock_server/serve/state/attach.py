"""Giving a server state."""

import importlib
from collections.abc import Sequence
from typing import Protocol

from mock_server.errors import UsageError
from mock_server.serve.backend import Backend, Mount
from mock_server.serve.respond import Responder
from mock_server.serve.state.answering import State
from mock_server.serve.state.inference import infer
from mock_server.serve.state.store import MemoryStore, Store
from mock_server.settings import Settings

_SHOWN = 8  # resources in the banner
KEEPER = "state"  # the name of what worlds keep
_DATABASE = "mock_server.serve.state.database"  # imported where it is needed: SQLAlchemy takes its time


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


def add_state(responder: Responder, store: Store) -> State:
    """
    Let the operations of one document answer from state.

    Raises:
        UsageError: `x-mock` in the document says what can't be.
    """
    state = State(responder, infer(responder.kit, lambda entry: responder.base_paths(entry)[0]), store)
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
        raise UsageError(f"--workers {settings.workers} with --stateful needs a store that the workers share: give {advice}")


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
    """What has state, for people: `todos (GET, POST, …), …`."""
    shown: list[str] = []
    for responder in responders:
        for state in responder.sources:
            if not isinstance(state, State):
                continue
            methods: dict[str, dict[str, None]] = {}
            for resource, deed in state.inferred.by_entry.values():
                methods.setdefault(resource.name, {})[deed.operation.method] = None
            shown += [f"{name} ({', '.join(found)})" for name, found in methods.items()]
    return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "") if shown else "nothing"
