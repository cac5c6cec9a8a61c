"""
Delivering delays and faults.

What each fault does to an answer on its way out.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

from mock_server.document.model import Entry
from mock_server.errors import MalformedPreference
from mock_server.exchange.media_type import parse_media_type
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.prefer import NONE, parse_preferences
from mock_server.exchange.problem import FAULT_UNAVAILABLE, Problem
from mock_server.exchange.router import Matched
from mock_server.faults import Fault, FaultKind, FaultSettings
from mock_server.generate.realism.errors import find_phrase
from mock_server.respond.answer import PAYLOAD, PREFERENCE_APPLIED, Answer, RawField, problem_answer
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import World
from mock_server.server.backend import Message, Scope, Send
from mock_server.server.browser import CONTENT_FIELDS
from mock_server.server.connection.heads import PHRASES
from mock_server.server.connection.raw import RawConnection, line_of
from mock_server.server.faults.plan import Met, plan, plan_own

_PIECES: Final = 20  # of a dribble
_GARBAGE: Final = (64, 512)  # bytes, from and to
NO_BODY: Final = "the answer has no body"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer on its way out."""

    start: Message
    body: Message
    send: Send
    wait: Callable[[float], Awaitable[None]]  # seconds; ends early where nobody waits any more
    random: Random

    @property
    def content(self) -> bytes:
        """The body."""
        content: bytes = self.body["body"]
        return content

    async def deliver(self) -> None:
        """Send it as it is."""
        await self.send(self.start)
        await self.send(self.body)


async def dribble(out: Outgoing, fault: Fault) -> None:
    """Send the body a few bytes at a time; the first ones at once, the last ones at the end of the time."""
    content = out.content
    size = max(-(-len(content) // _PIECES), 1)
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    await out.send(out.start)
    for index, piece in enumerate(pieces):
        if index:
            await out.wait(fault.milliseconds / 1000 / (len(pieces) - 1))
        await out.send({**out.body, "body": piece, "more_body": index < len(pieces) - 1})
    if not pieces:
        await out.send(out.body)


def empty(out: Outgoing, line: RawConnection) -> None:
    """Close the connection without a byte."""
    line.close()


def reset(out: Outgoing, line: RawConnection) -> None:
    """Reset the connection without a byte."""
    line.reset()


def garbage(out: Outgoing, line: RawConnection) -> None:
    """Send bytes that are no HTTP, and close."""
    # the first byte is no character of a method or a version, so that no client takes the rest for HTTP
    line.write(b"\x00" + out.random.randbytes(out.random.randint(*_GARBAGE)))
    line.close()


def malformed_chunk(out: Outgoing, line: RawConnection) -> None:
    """Send a chunk that is one, then bytes that are none, and close."""
    half = out.content[: (len(out.content) + 1) // 2]
    chunk = b"%x\r\n%b\r\n" % (len(half), half) if half else b""
    fields = [*_without_length(out), (b"transfer-encoding", b"chunked")]
    # what stands for the size of the next chunk is no hexadecimal number
    line.write(_head(out, fields) + chunk + b"no chunk\r\n" + out.random.randbytes(out.random.randint(*_GARBAGE)))
    line.close()


def truncate(out: Outgoing, line: RawConnection) -> None:
    """Send the first half of the body under the length of the whole, and close."""
    length = b"%d" % max(len(out.content), 1)
    line.write(_head(out, [*_without_length(out), (b"content-length", length)]) + out.content[: len(out.content) // 2])
    line.close()


# What is done to the connection; it needs our own protocol.
ON_THE_LINE: Final[Mapping[FaultKind, Callable[[Outgoing, RawConnection], None]]] = {
    FaultKind.EMPTY: empty,
    FaultKind.RESET: reset,
    FaultKind.GARBAGE: garbage,
    FaultKind.MALFORMED_CHUNK: malformed_chunk,
    FaultKind.TRUNCATE: truncate,
}
NEEDS_BODY: Final = frozenset((FaultKind.MALFORMED_CHUNK, FaultKind.TRUNCATE, FaultKind.DRIBBLE))


def _without_length(out: Outgoing) -> list[RawField]:
    return [field for field in out.start["headers"] if field[0] != b"content-length"]


def _head(out: Outgoing, fields: list[RawField]) -> bytes:
    """
    Return the status line and the header section of an answer that is the last one of its connection.

    RFC 9112, section 2.1.
    """
    status = out.start["status"]
    written = [b"HTTP/1.1 %d %b\r\n" % (status, PHRASES.get(status, "").encode())]
    # what a server refuses to write must not be written here either: it would end the field or the whole section
    written += [
        b"%b: %b\r\n" % (name, value.translate(None, b"\r\n\0")) for name, value in [*fields, (b"connection", b"close")]
    ]
    return b"".join([*written, b"\r\n"])


DISTURBED: Final = b"x-mock-disturbed"
_STRANGE: Final = ("text/html", "application/octet-stream")  # the first one that an answer does not have anyway
_WITHOUT_BODY: Final = frozenset((204, 304))
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_log = logging.getLogger(__name__)

Respond = Callable[[Request], Awaitable[Answer]]
Pause = Callable[[RawConnection | None, float], Awaitable[None]]


async def pause(line: RawConnection | None, seconds: float) -> None:
    """Wait; on our own line not longer than the client does."""
    await (line.wait(seconds) if line is not None else asyncio.sleep(seconds))


class SeededFaultInjector:
    """Injects faults by settings, which may change, and by preferences of requests."""

    def __init__(self, disturbances: FaultSettings, seed: str, wait: Pause = pause) -> None:
        """
        Begin.

        Args:
            disturbances: What is set.
            seed: Of chance, where a world has none of its own.
            wait: Lets time pass.
        """
        self._disturbances = disturbances
        self.is_calm = disturbances.is_calm  # whether nothing is disturbed, unless a request asks for it
        self._edition = 0
        self._seed = seed
        self._wait = wait

    @property
    def disturbances(self) -> FaultSettings:
        """The settings in force."""
        return self._disturbances

    @disturbances.setter
    def disturbances(self, disturbances: FaultSettings) -> None:
        """Set it anew; the next request of each world takes the first turn."""
        self._disturbances = disturbances
        self.is_calm = disturbances.is_calm
        self._edition += 1

    def plan(self, request: Request, responder: Responder, world: World) -> Met | None:
        """Decide the delay and fault of a request before it is answered; None for neither."""
        header = find_field(request.fields, b"prefer")
        is_asked = header is not None or b"__" in request.query
        if self.is_calm and not is_asked:
            return None
        try:
            if is_asked:
                preferences = parse_preferences(header, request.query.decode("latin-1"))
            else:
                preferences = NONE
        except MalformedPreference:
            return None  # the answer will be that it is
        if self.is_calm and preferences.delay is None and preferences.fault is None:
            return None
        entry = _entry(request, responder)
        if entry is None:
            return None
        return plan(self._disturbances, self._edition, entry, preferences, world, world.seed or self._seed)

    async def answer(self, met: Met, request: Request, respond: Respond) -> Answer:
        """
        Answer a request that meets something.

        Args:
            met: What.
            request: As it came.
            respond: Answers requests in its world.
        """
        answer = await _answer(met, request, respond)
        fields = [*answer.fields, (DISTURBED, met.describe().encode("latin-1", "replace"))]
        if met.applied:
            before = [value for name, value in fields if name == PREFERENCE_APPLIED]
            ours = [
                f"{name}={_quoted(met.preferences.given[name])}".encode("latin-1", "replace") for name in met.applied
            ]
            fields = [
                *(field for field in fields if field[0] != PREFERENCE_APPLIED),
                (PREFERENCE_APPLIED, b", ".join([*before, *ours])),
            ]
        return answer._replace(fields=fields)

    def bring(self, answer: Answer, request: Request, world: World) -> tuple[Met, Answer]:
        """Decide the delay and fault of an answer that brings its own."""
        met = plan_own(answer, world, world.seed or self._seed)
        if (
            met.fault is not None
            and met.fault.kind in NEEDS_BODY
            and (request.method == "HEAD" or answer.status in _WITHOUT_BODY)
        ):
            met.missed = NO_BODY
        return met, answer._replace(fields=[*answer.fields, (DISTURBED, met.describe().encode("latin-1", "replace"))])

    async def deliver(self, met: Met, scope: Scope, send: Send, start: Message, body: Message) -> None:
        """Send an answer: late, and as its fault has it."""
        line = line_of(scope, send)
        if met.milliseconds:
            await self._wait(line, met.milliseconds / 1000)
        fault = met.fault
        out = Outgoing(start, body, send, partial(self._wait, line), Random(met.seed))
        if fault is None or met.missed:
            await out.deliver()
        elif fault.kind is FaultKind.DRIBBLE:
            await dribble(out, fault)
        elif fault.kind not in ON_THE_LINE:
            await out.deliver()
        elif line is None:
            await _apologise(met, fault, send)
        else:
            ON_THE_LINE[fault.kind](out, line)


async def _answer(met: Met, request: Request, respond: Respond) -> Answer:
    fault = met.fault
    kind = fault.kind if fault is not None else None
    if fault is not None and kind is FaultKind.ERROR:
        answer = await respond(_preferring(request, met, f"code={fault.status}"))
        if answer.status == fault.status and _is_made(answer):
            return _without_applied(answer)
        return _error(met, fault)
    if kind is FaultKind.SCHEMA:
        answer = await respond(_preferring(request, met, "profile=invalid"))
        if any(name == PAYLOAD for name, _ in answer.fields):
            return _without_applied(answer)
        met.missed = "there is no JSON that would break the schema of the answer"
    answer = await respond(request)
    if kind in NEEDS_BODY and (request.method == "HEAD" or answer.status in _WITHOUT_BODY):
        met.missed = NO_BODY
    if kind is FaultKind.MEDIA_TYPE:
        return _mistyped(met, answer)
    return answer


def _entry(request: Request, responder: Responder) -> Entry | None:
    """Return the operation that a request asks for."""
    for method in (request.method, "GET") if request.method == "HEAD" else (request.method,):
        matched = responder.find(request._replace(method=method))
        if isinstance(matched, Matched):
            return matched.route.target
    return None


def _preferring(request: Request, met: Met, preference: str) -> Request:
    """Return the same request with another preference in place of its own, those about chance apart."""
    kept = [
        f"{name}={_quoted(met.preferences.given[name])}" for name in ("seed", "locale") if name in met.preferences.given
    ]
    fields = [field for field in request.fields if field[0] != b"prefer"]
    return request._replace(fields=[*fields, (b"prefer", ", ".join([preference, *kept]).encode("latin-1", "replace"))])


def _is_made(answer: Answer) -> bool:
    """Return whether an answer is one of the document, and not why there is none."""
    return not answer.source.startswith("problem:")


def _without_applied(answer: Answer) -> Answer:
    """Return the answer without `Preference-Applied`: a fault, not a preference, decided it."""
    return answer._replace(fields=[field for field in answer.fields if field[0] != PREFERENCE_APPLIED])


def _error(met: Met, fault: Fault) -> Answer:
    """Return an error that the document has no words for."""
    kind = Problem("injected", find_phrase(fault.status) or "Error", fault.status)
    return problem_answer(kind, f"the fault {fault.name}, on purpose", entry=met.entry)


def _mistyped(met: Met, answer: Answer) -> Answer:
    """Return an answer under a media type that is not its own."""
    written = find_field(answer.fields, b"content-type")
    if written is None:
        met.missed = NO_BODY
        return answer
    own = parse_media_type(written).essence
    strange = next(name for name in _STRANGE if name != own)
    mistyped = (b"content-type", strange.encode())
    return answer._replace(fields=[mistyped if field[0] == mistyped[0] else field for field in answer.fields])


async def _apologise(met: Met, fault: Fault, send: Send) -> None:
    """Say that a fault can't be had: another server than ours holds the connection."""
    met.missed = "another server than mock-server's own holds the connection"
    _log.warning("the fault %s can't be had: %s; use mock-server serve", fault.name, met.missed)
    detail = f"the fault {fault.name} can't be had: {met.missed}; use mock-server serve"
    answer = problem_answer(FAULT_UNAVAILABLE, detail, entry=met.entry)
    fields = [*CONTENT_FIELDS, *answer.fields, (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "http.response.start", "status": answer.status, "headers": fields})
    await send({"type": "http.response.body", "body": answer.body})


def _quoted(text: str) -> str:
    """Return a word as a header field has it. RFC 7240, section 2."""
    if _TOKEN.match(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
