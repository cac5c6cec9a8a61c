"""
What a server is made of: documents under their base paths, and what lives beside them.

`Mount` is one document, ready to answer, replaced as a whole when it changes; `Backend` holds the mounts, the worlds, and
who wants to disturb, to hear of, or to answer beside the API.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from mock_server.exchange.message import Request
from mock_server.serve.answer import Answer
from mock_server.serve.express import Express
from mock_server.serve.journal import Recorded
from mock_server.serve.pages import Pages
from mock_server.serve.respond import Responder
from mock_server.serve.world import World, Worlds
from mock_server.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


MetT = TypeVar("MetT", bound="Disturbance")


@dataclass(frozen=True, eq=False)
class Mount:
    """One document, ready to answer."""

    responder: Responder
    pages: Pages
    express: Express


class Disturbance(Protocol):
    """A delay or a fault that an exchange meets."""

    def describe(self) -> str:
        """What it is, in words."""


class Disturber(Protocol[MetT]):
    """Who decides which answers are delayed or broken, and does it."""

    @property
    def is_calm(self) -> bool:
        """Whether nothing is disturbed, unless a request prefers it."""

    def plan(self, request: Request, responder: Responder, world: World) -> MetT | None:
        """Decide what an exchange meets; None lets it pass. Called once for each request, in their order."""

    async def answer(self, disturbance: MetT, request: Request, respond: Callable[[Request], Awaitable[Answer]]) -> Answer:
        """Answer a request that meets something; an error takes the place of what would have been done."""

    async def deliver(self, disturbance: MetT, scope: Scope, send: Send, start: Message, body: Message) -> None:
        """Send an answer, disturbed."""


Listener = Callable[[Recorded], None]


@dataclass(eq=False)
class Backend:
    """A server's inside, shared by all of its parts."""

    settings: Settings
    mounts: tuple[Mount, ...]
    worlds: Worlds
    disturber: Disturber[Any] | None = None
    listeners: list[Listener] = field(default_factory=list)  # are told of every exchange
    areas: dict[bytes, Asgi] = field(default_factory=dict)  # applications beside the API, by the beginning of their paths
    numbered: int = 0

    @classmethod
    def of(cls, *responders: Responder) -> "Backend":
        """A server's inside for documents that are open."""
        settings = responders[0].kit.settings
        mounts = tuple(Mount(each, Pages(each.document, each.base_paths()), Express(each)) for each in responders)
        return cls(settings, mounts, Worlds(journal=settings.journal))

    def record(self, request: Request, answer: Answer, world: World, started: float, disturbance: Disturbance | None = None) -> None:
        """
        Keep an exchange, and tell who listens.

        Args:
            request: What was asked.
            answer: What was answered.
            world: Whose it is.
            started: When the request came, on `time.perf_counter`.
            disturbance: What the answer met.
        """
        if not world.journal.limit and not self.listeners:
            return
        self.numbered += 1
        seconds = time.perf_counter() - started
        met = disturbance.describe() if disturbance is not None else None
        recorded = Recorded(self.numbered, time.time() - seconds, seconds, request, answer, world.name, met)
        world.journal.add(recorded)
        for listener in self.listeners:
            listener(recorded)
