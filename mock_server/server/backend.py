"""
The parts of a server: documents under their base paths, worlds, state, callbacks, areas.

`Mount` is one document, ready to answer, replaced as a whole when it changes; `Backend` holds the mounts, the worlds,
and who wants to disturb, to hear of, or to answer beside the API.

What became of a callback or a webhook.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from mock_server.document.model import MISSING, Missing
from mock_server.exchange.message import RawFields, Request
from mock_server.exchange.router import Matched, Unmatched
from mock_server.exchange.secrets.mask import NO_MASK, Mask
from mock_server.findings import Finding
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.answer import Answer
from mock_server.respond.answer_cache import KEPT_READY
from mock_server.respond.document_pages import DocumentPages, Page, ServedDocument
from mock_server.respond.fast_path import FastPath
from mock_server.respond.journal import FINDING_SIZE, Recorded
from mock_server.respond.mappings import Mappings
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import World, Worlds
from mock_server.server.hosts import ANY_HOST, Hosts
from mock_server.server.user_code import Code
from mock_server.settings import Settings
from mock_server.timing.clock import clock_of


class Outcome(StrEnum):
    """The stage that a delivery reached."""

    WAITING = "waiting"  # it will be sent, or sent again
    DELIVERED = "delivered"  # answered with 2xx
    FAILED = "failed"  # sent in vain
    REFUSED = "refused"  # not sent, since it is not allowed
    SKIPPED = "skipped"  # not sent, since nobody asked for it or it can't be made
    CANCELLED = "cancelled"  # the server was stopped


class DeliveryAttempt(NamedTuple):
    """One time that it was sent."""

    moment: float  # in seconds since the epoch
    seconds: float  # until it was answered, or not
    status: int | None
    reason: str = ""  # why there is no status

    def json(self) -> JsonObject:
        """Write it as JSON."""
        return {
            "moment": self.moment,
            "seconds": round(self.seconds, 6),
            "status": self.status,
            "reason": self.reason or None,
        }


@dataclass(eq=False, kw_only=True)
class Delivery:
    """One callback or webhook."""

    number: int  # from 1
    kind: str  # callback or webhook
    name: str
    world: str
    moment: float  # when it was set off, in seconds since the epoch
    cause: str | None = None  # the exchange that set it off, by its id
    operation: str = ""  # the operation whose callback it is, as in `POST /orders`
    method: str = ""
    url: str = ""
    body: bytes = b""
    fields: RawFields = ()  # of the request, without signatures
    message: str = ""  # the id that it keeps when it is sent again
    secret: str | None = field(default=None, repr=False)  # of its receiver
    outcome: Outcome = Outcome.WAITING
    reason: str = ""
    attempts: list[DeliveryAttempt] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()  # how it, or the answer to it, breaks the document

    def end(self, outcome: Outcome, reason: str = "") -> None:
        """Describe the outcome."""
        self.outcome, self.reason = outcome, reason

    def describe(self) -> str:
        """Say it in a line, without secrets."""
        about = f"{self.kind} {self.name}" + (f" of {self.operation}" if self.operation else "")
        to = f" {self.method} {NO_MASK.url(self.url)}" if self.url else ""
        times = f" in {len(self.attempts)} attempts" if len(self.attempts) > 1 else ""
        return f"{about}:{to} {self.outcome.value}{times}" + (f": {NO_MASK.text(self.reason)}" if self.reason else "")

    def json(self) -> JsonObject:
        """Write it as JSON."""
        return {
            "id": f"{self.number:08d}",
            "kind": self.kind,
            "name": self.name,
            "operation": self.operation or None,
            "world": self.world,
            "cause": self.cause,
            "moment": self.moment,
            "method": self.method,
            "url": self.url,
            "body": self.body.decode("utf-8", "replace"),
            "outcome": self.outcome.value,
            "reason": self.reason or None,
            "attempts": [attempt.json() for attempt in self.attempts],
            "findings": [
                {"rule": finding.rule, "message": finding.message, "place": str(finding.place)}
                for finding in self.findings
            ],
        }


def mask_posted(posted: Delivery, mask: Mask) -> JsonObject:
    """Write a callback as JSON, without its secrets."""
    knowing = mask.seen_in(Request(posted.method, b"/", posted.url.partition("?")[2].encode(), _JSON, posted.body))
    written = posted.json()
    body = knowing.body(_JSON, posted.body)
    shown = {name: knowing.value(written[name]) for name in ("reason", "attempts", "findings")}
    return {**written, **shown, "url": knowing.url(posted.url), "body": body.decode("utf-8", "replace")}


_JSON: Final = ((b"content-type", b"application/json"),)


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


RESERVED = b"/__"  # what the paths of the admin side and the console begin with
_OFTEN = 8  # exchanges between two looks at what is kept
_LARGE = 65_536  # bytes of one that is looked at at once

MetT = TypeVar("MetT", bound="Disturbance")


@dataclass(frozen=True, eq=False)
class Mount:
    """One document, ready to answer."""

    responder: Responder
    pages: DocumentPages
    express: FastPath
    prefixes: tuple[str, ...] = ("",)  # of its paths, the longest first

    def reach(self, path: str) -> int:
        """Return the length of the longest prefix that fits a path, or -1."""
        fitting = (len(prefix) for prefix in self.prefixes if path == prefix or path.startswith(prefix + "/"))
        return next(fitting, -1)


def make_mounts(responders: Sequence[Responder]) -> tuple[Mount, ...]:
    """Mount documents in their order."""
    shelf = [ServedDocument(each.document, each.base_paths()) for each in responders]
    for responder in responders:
        responder.served = tuple(dict.fromkeys(base for shown in shelf for base in shown.base_paths))
    return tuple(
        Mount(each, DocumentPages(shelf, number), FastPath(each), _prefixes(each))
        for number, each in enumerate(responders)
    )


def _prefixes(responder: Responder) -> tuple[str, ...]:
    """Return the base paths of a document, and those of operations that have servers of their own."""
    found = {base for entry in (None, *responder.document.entries) for base in responder.base_paths(entry)}
    return tuple(sorted(found, key=lambda base: (-len(base), base)))


class Disturbance(Protocol):
    """A delay or a fault that an exchange meets."""

    def describe(self) -> str:
        """Describe it."""


class FaultInjector(Protocol[MetT]):
    """Decides which answers are delayed or broken, and does so."""

    @property
    def is_calm(self) -> bool:
        """True if no delay or fault applies, unless a request prefers one."""

    def plan(self, request: Request, responder: Responder, world: World) -> MetT | None:
        """Decide the delay and fault of an exchange, or None. Called once for each request, in order."""

    async def answer(
        self, disturbance: MetT, request: Request, respond: Callable[[Request], Awaitable[Answer]]
    ) -> Answer:
        """Answer a request with a delay or fault; an error replaces the answer, and changes no state."""

    def bring(self, answer: Answer, request: Request, world: World) -> tuple[MetT, Answer]:
        """Decide the delay and fault of an answer that brings its own; return the answer that names them."""

    async def deliver(self, disturbance: MetT, scope: Scope, send: Send, start: Message, body: Message) -> None:
        """Send an answer, disturbed."""


class CallbackService(Protocol):
    """Sends callbacks and webhooks, and keeps their outcome."""

    def attend(self) -> None:
        """
        Take exchanges from now on, if operations have callbacks.

        Called when the documents are other ones.
        """

    def __iter__(self) -> Iterator[Delivery]:
        """Return the deliveries, the oldest first."""

    def clear(self, world: str | None = None) -> None:
        """Forget the deliveries of one world or of all."""

    def webhooks(self) -> tuple[str, ...]:
        """Return the names of all webhooks that are documented."""

    def send_webhook(self, name: str, url: str, world: str = "", body: JsonValue | Missing = MISSING) -> Delivery:
        """
        Send a webhook.

        Raises:
            UsageError: no webhook has the name.
        """

    def resend(self, number: int) -> Delivery:
        """
        Send a callback or webhook again, as it was.

        Raises:
            UsageError: there is none of the number, or it was never sent.
        """


class AsgiCall(NamedTuple):
    """A request as ASGI hands it over."""

    scope: Scope
    receive: Receive
    send: Send


class UpstreamAnswer(NamedTuple):
    """The answer of a real server."""

    request: Request  # as far as it came and is kept
    answer: Answer  # to be sent, or as it was
    is_sent: bool
    kept: Answer  # as it is kept in journals: its coding undone


Respond = Callable[[Request], Awaitable[Answer]]


class RealOrMock(Protocol):
    """The choice between the real server and the mock, by operation and by outcome."""

    mocked: set[str]  # operations, by their ids
    fallback_on: tuple[str, ...]  # what the mock steps in for; setting it raises UsageError where a word is none

    def choose(self, operation: str, *, upstream: bool) -> None:
        """Let the real server answer an operation, or the mock."""


class Forwarder(Protocol):
    """Passes requests on to a real server."""

    @property
    def choices(self) -> RealOrMock:
        """The choice of real operations; may be changed while the server runs."""

    @property
    def url(self) -> str:
        """The base of the real server."""

    async def exchange(self, mount: Mount, call: AsgiCall, respond: Respond, *, whole: bool = False) -> UpstreamAnswer:
        """
        Answer a request by the real server.

        `respond` asks the mock, `whole` waits for all of what is no stream.
        """

    async def refuse(self, send: Send, *, speaks_http: bool) -> None:
        """Refuse a web socket, with an HTTP response where the server can send one."""


Listener = Callable[[Recorded], None]
# Answers a request beside the API, in a world; the last is how the client addresses the server, as in `http://host`.
Service = Callable[[Request, World, str], Awaitable[Answer]]


class Ports(NamedTuple):
    """The ports of a server with a port, and so an origin, of its own for the admin side."""

    api: int
    admin: int


@dataclass(eq=False)
class Backend:
    """A server's inside, shared by all of its parts."""

    settings: Settings
    mounts: tuple[Mount, ...]
    worlds: Worlds
    stubs: Mappings  # mappings that come at run time
    disturber: FaultInjector[Any] | None = None
    outbox: CallbackService | None = None
    relay: Forwarder | None = None
    hosts: Hosts = ANY_HOST  # that are answered for; of who listens
    ports: Ports | None = None  # None: the API and the admin side share one
    listeners: list[Listener] = field(default_factory=list)  # are told of every exchange
    areas: dict[bytes, Asgi] = field(
        default_factory=dict
    )  # applications beside the API, by the beginning of their paths
    # Answer beside the API on its port, for whoever may call that, by the beginning of their paths.
    services: dict[bytes, Service] = field(default_factory=dict)
    tasks: list[Callable[[], Awaitable[None]]] = field(
        default_factory=list
    )  # run while the server does, and are cancelled at its end
    code: Code | None = None  # of the user's handlers, as it was imported last
    reload_error: str | None = None  # why what was edited last is not served: the version before it goes on
    generation: int = 0  # how often what is served was replaced
    numbered: int = 0
    unchecked: int = 0  # exchanges since what is kept was weighed

    def replace(self, mounts: tuple[Mount, ...], settings: Settings) -> None:
        """Serve new versions of the documents from now on; a request that is being answered ends with the old ones."""
        self.settings, self.mounts = settings, mounts
        self.stubs.attach([mount.responder for mount in mounts])
        if self.outbox is not None:
            self.outbox.attend()
        self.reload_error = None
        self.generation += 1

    @classmethod
    def of(cls, *responders: Responder) -> "Backend":
        """Return a server's inside for documents that are open."""
        settings, stubs = responders[0].kit.settings, Mappings(responders)
        worlds = Worlds(journal=settings.journal, memory=settings.memory, time_of_day=clock_of(settings.now))
        worlds.keepers["mappings"] = stubs
        worlds.budget.holders |= {"mappings": stubs, "answers": KEPT_READY}
        worlds.budget.droppers = {"answers": KEPT_READY.drop, **worlds.budget.droppers}
        return cls(settings, make_mounts(responders), worlds, stubs)

    @property
    def has_quotas(self) -> bool:
        """True where requests of clients are counted."""
        settings = self.settings
        return settings.rate_limit is not None or (
            bool(settings.operations) and any(own.rate_limit is not None for own in settings.operations.values())
        )

    def mount_of(self, request: Request) -> Mount:
        """Return the document that a request asks; its body does not matter."""
        if len(self.mounts) == 1:
            return self.mounts[0]
        return self.find_mount(request.method, request.path.decode("latin-1"), request.query.decode("latin-1"))

    def find_mount(self, method: str, path: str, query: str) -> Mount:
        """
        Find the document that a request asks.

        Of those with the operation, it is the one with the longest base path, then the first; the same goes for those
        with another method of it, and at last for those that only have the base path.

        Args:
            method: In upper case.
            path: Percent-encoded.
            query: Percent-encoded, without `?`.
        """
        there: Mount | None = None
        fitting = sorted(((mount, mount.reach(path)) for mount in self.mounts), key=lambda pair: -pair[1])
        for mount, reach in fitting:
            matched = mount.responder.router.match(method, path, query) if reach >= 0 else None
            if isinstance(matched, Matched):
                return mount
            if isinstance(matched, Unmatched) and matched.allowed and there is None:
                there = mount
        if there is not None:
            return there
        request = Request(method, path.encode("latin-1", "replace"), query.encode("latin-1", "replace"), (), b"")
        lenient = (mount for mount, _ in fitting if isinstance(mount.responder.find(request), Matched))
        return next(lenient, fitting[0][0])

    def find_page(self, method: str, path: bytes, *, is_ours: bool = False) -> Page | None:
        """
        Find a page that is not the API's; documented paths go first, except reserved ones.

        Args:
            method: In upper case.
            path: Percent-encoded.
            is_ours: Whether no document has a say, as on the port of the admin side.
        """
        page = next((page for mount in self.mounts if (page := mount.pages.find(method, path)) is not None), None)
        if page is None or is_ours or self.reserves(path):
            return page
        if not self.is_documented("GET", path):
            return page
        return None

    def reserves(self, path: bytes) -> bool:
        """Check whether a path of the API's port is reserved for the admin side or the console."""
        if any(is_below(path, prefix) for prefix in self.services):
            return True
        reserved = (prefix for prefix in self.areas if prefix.startswith(RESERVED))
        return self.ports is None and any(is_below(path, prefix) for prefix in reserved)

    def find_service(self, path: bytes) -> Service | None:
        """Find the service at a path of the API's port that is not the API's."""
        return next((service for prefix, service in self.services.items() if is_below(path, prefix)), None)

    def is_documented(self, method: str, path: bytes) -> bool:
        """Return whether any document has an operation."""
        text = path.decode("latin-1")
        return any(isinstance(mount.responder.router.match(method, text), Matched) for mount in self.mounts)

    def record(
        self, request: Request, answer: Answer, world: World, started: float, disturbance: Disturbance | None = None
    ) -> Recorded:
        """
        Keep an exchange, notify listeners, and return it.

        Args:
            request: What was asked.
            answer: What was answered.
            world: Whose it is.
            started: When the request came, on `time.perf_counter`.
            disturbance: What the answer met.
        """
        self.unchecked += 1
        if (
            self.unchecked >= _OFTEN
            or len(request.body) + len(answer.body) > _LARGE
            or len(answer.findings) * FINDING_SIZE > _LARGE
        ):
            self.unchecked = 0
            self.worlds.budget.check()
        self.numbered += 1
        seconds = time.perf_counter() - started
        met = disturbance.describe() if disturbance is not None else None
        recorded = Recorded(self.numbered, time.time() - seconds, seconds, request, answer, world.name, met)
        world.journal.add(recorded)
        for listener in self.listeners:
            listener(recorded)
        return recorded


def is_below(path: bytes, prefix: bytes) -> bool:
    """Check whether a path is another one, or has that one before a slash."""
    return path == prefix or path.startswith(prefix + b"/")
