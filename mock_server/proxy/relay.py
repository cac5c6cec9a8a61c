"""
One exchange through the proxy: the request goes on, the answer comes back, and both are judged.

A short answer is held back for a moment, so that what is wrong with it can be said in its header (`sl-violations`). A
stream, a long answer, or one that takes its time passes as it comes; then its findings are in the log only.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from mock_server.contract.transport.http import TransportFault
from mock_server.document.model import Entry
from mock_server.errors import MalformedContent
from mock_server.exchange import problem
from mock_server.exchange.content_coding import TooLarge, UnknownCoding, decode_content, decode_request, is_coded
from mock_server.exchange.message import RawFields, Request, Response, find_field
from mock_server.exchange.problem import FIELD, write_violations
from mock_server.exchange.secrets.mask import Mask
from mock_server.findings import Finding
from mock_server.proxy.headers import LEADING, date, localise, to_client, to_upstream
from mock_server.proxy.judge import JudgedExchange, ProxyJudge, SeenExchange, find_operation
from mock_server.proxy.streams import Holding, Inflow
from mock_server.proxy.upstream import Choices, ClientGone, Incoming, Unanswered, Upstream
from mock_server.respond.answer import UPSTREAM, Answer, RawField, problem_answer
from mock_server.respond.headers import VARY_ON_ORIGIN
from mock_server.respond.responder import Responder
from mock_server.server.backend import AsgiCall, Mount, Respond, Scope, Send, UpstreamAnswer
from mock_server.server.browser import CONTENT_FIELDS, confine, with_cors
from mock_server.server.connection.raw import line_of
from mock_server.server.masker import Masker

_log = logging.getLogger("mock_server.proxy")
_SMALL: Final = 64 * 1024  # bytes that are judged in less time than a thread takes to begin
_LAST: Final = 2.0  # seconds that exchanges have to be counted when the server ends
_EMPTY: Final = frozenset((204, 304))
_OF_CODING: Final = frozenset((b"content-encoding", b"content-length"))
_NO_WEB_SOCKETS: Final = "mock-server proxy passes HTTP on, but no web sockets: connect to the server itself"
_GONE: Final = 499  # what is kept of an exchange that the client left

Record = Callable[
    [Responder, SeenExchange, JudgedExchange, Mask], tuple[Finding, ...]
]  # keeps an exchange as a fixture, or says why not


@dataclass(eq=False, repr=False)
class Relay:
    """Passes requests on to the real server; see the module."""

    upstream: Upstream
    choices: Choices
    scrutiny: ProxyJudge
    limit: int  # bytes of a body that are kept for who judges
    via: str  # how this proxy names itself
    cors: bool = False  # whether pages of any origin may read answers, whatever the real server says
    record: Record | None = None
    _known: set[str] = field(default_factory=set)  # operations that were judged before
    _open: set[asyncio.Event] = field(default_factory=set)  # of exchanges that have not ended
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "judge"))

    @property
    def url(self) -> str:
        """The base of the real server."""
        return self.upstream.origin + self.upstream.base_path

    async def exchange(self, mount: Mount, call: AsgiCall, respond: Respond, *, whole: bool = False) -> UpstreamAnswer:
        """
        Answer a request by the real server.

        Args:
            mount: The document.
            call: The request; what passes as it comes is sent at once.
            respond: Asks the mock.
            whole: Whether to wait for all of an answer that is no stream.
        """
        scope = call.scope
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        head = Request(scope["method"], raw.partition(b"?")[0], scope["query_string"], scope["headers"], b"")
        inflow = Inflow(head.fields, call.receive, self.limit)
        passage = _Passage(self, mount, scope, call.send, respond, head, inflow, whole)
        ended = asyncio.Event()
        self._open.add(ended)
        try:
            return await self._lead(passage, inflow)
        finally:
            ended.set()
            self._open.discard(ended)

    async def _lead(self, passage: "_Passage", inflow: Inflow) -> UpstreamAnswer:
        """Run an exchange to its end, or until the client or this server ends it."""
        work, gone = asyncio.ensure_future(passage.run()), asyncio.ensure_future(inflow.gone())
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if work.done() or passage.is_complete:  # the end of the answer looks like the client's going, too
                return await work
        except ClientGone:
            pass
        except asyncio.CancelledError:  # this server ends: what was seen of a stream until now still counts
            passage.hang_up()
        finally:
            gone.cancel()
            work.cancel()
            await asyncio.wait((work, gone))
        return await passage.leave()

    async def refuse(self, send: Send, *, speaks_http: bool) -> None:
        """Refuse a web socket: only HTTP is judged."""
        if not speaks_http:
            await send({"type": "websocket.close", "code": 1003, "reason": "web sockets are not passed on"})
            return
        answer = problem_answer(problem.NO_WEB_SOCKET, _NO_WEB_SOCKETS)
        await send(
            {
                "type": "websocket.http.response.start",
                "status": answer.status,
                "headers": [*CONTENT_FIELDS, *answer.fields],
            }
        )
        await send({"type": "websocket.http.response.body", "body": answer.body})

    async def judge(self, mount: Mount, seen: SeenExchange, entry: Entry | None) -> JudgedExchange:
        """
        Judge.

        What is large, or of an operation that was not judged before, in a thread, so that it keeps nobody waiting.
        """
        size = len(seen.request.body) + (len(seen.response.body) if seen.response is not None else 0)
        if entry is not None and entry.id in self._known and size <= _SMALL:
            return self.scrutiny.judge(mount.responder, seen)
        judged = await asyncio.get_running_loop().run_in_executor(
            self._thread, self.scrutiny.judge, mount.responder, seen
        )
        if entry is not None:
            self._known.add(entry.id)
        return judged

    def settle(self, mount: Mount, seen: SeenExchange, judged: JudgedExchange) -> None:
        """Count, log and record an exchange, in that same thread, after those before it."""
        self._thread.submit(self._settle, mount, seen, judged).add_done_callback(_report)

    def _settle(self, mount: Mount, seen: SeenExchange, judged: JudgedExchange) -> None:
        mask = Masker((mount.responder.document,)).mask.seen_in(seen.request, seen.response)
        unrecorded = self.record(mount.responder, seen, judged, mask) if self.record is not None else ()
        self.scrutiny.count(seen.request, (*judged.findings, *unrecorded), mask)
        if seen.unread:
            self.scrutiny.unread[seen.unread] += 1

    async def stay(self) -> None:
        """
        Wait for the end of the server.

        Then let go of the real one, and finish what is to be counted and recorded.
        """
        try:
            await asyncio.Event().wait()
        finally:
            if self._open:
                await asyncio.wait([asyncio.ensure_future(ended.wait()) for ended in self._open], timeout=_LAST)
            await self.upstream.close()
            await asyncio.to_thread(self._thread.shutdown)


@dataclass(eq=False, repr=False)
class _Passage:
    """One exchange."""

    relay: Relay
    mount: Mount
    scope: Scope
    send: Send
    respond: Respond
    head: Request
    inflow: Inflow
    whole: bool
    entry: Entry | None = None
    is_complete: bool = False  # the answer was sent to its end
    streamed: tuple[Incoming, Holding] | None = None  # the answer that is being sent
    decoded: tuple[Request, bool] | None = None  # see `_read`

    @property
    def request(self) -> Request:
        """The request as received and kept, its content coding undone where possible."""
        return self._read()[0]

    @property
    def is_judged_whole(self) -> bool:
        """
        True if the whole request body can be judged.

        Not where it is too large, or of a coding that only the real server knows.
        """
        return self._read()[1]

    def _read(self) -> tuple[Request, bool]:
        if self.decoded is not None:
            return self.decoded
        request, is_whole = self.head._replace(body=self.inflow.kept), self.inflow.is_whole
        if not is_whole:
            return request, False
        try:
            request = decode_request(request, self.relay.limit)
        except (TooLarge, UnknownCoding):
            is_whole = False
        except MalformedContent:
            pass  # that is found where the request is judged
        self.decoded = request, is_whole
        return self.decoded

    async def run(self) -> UpstreamAnswer:
        relay = self.relay
        if (find_field(self.head.fields, b"upgrade") or "").lower() == "websocket":
            return self._kept(problem_answer(problem.NO_WEB_SOCKET, _NO_WEB_SOCKETS))
        matched = find_operation(self.mount.responder, self.head)
        self.entry = matched.route.target if matched is not None else None
        if self.entry is not None and relay.choices.is_mocked(self.entry.id):
            return await self._mock()
        if relay.via.encode() in (find_field(self.head.fields, b"via") or "").encode("latin-1"):
            return self._kept(
                problem_answer(problem.LOOP, f"{relay.upstream.origin} leads back to this proxy", entry=self.entry)
            )
        try:
            incoming = await self._ask()
        except Unanswered as failure:
            return await self._unanswered(failure)
        try:
            self.inflow.release()
            if self.entry is not None and relay.choices.steps_in_for(incoming.status) and self.inflow.is_whole:
                return await self._mock()
            return await self._pass_on(incoming)
        finally:
            await incoming.close()

    async def _ask(self) -> Incoming:
        scope, upstream = self.scope, self.relay.upstream
        client = scope.get("client")
        fields = to_upstream(
            self.head.fields,
            host=upstream.host,
            via=self._via(),
            client=str(client[0]) if client else "",
            scheme=scope.get("scheme", "http"),
            chunked=self.inflow.is_chunked,
        )
        own, theirs = self._base(), upstream.base_path.encode()
        if own is not None:
            path = theirs + self.head.path.removeprefix(own)
        else:
            path = self.head.path
        target = (path or b"/") + (b"?" + self.head.query if self.head.query else b"")
        return await upstream.send(
            self.head.method, target, fields, self.inflow.chunks() if self.inflow.is_expected else None
        )

    def _base(self) -> bytes | None:
        """Return the base path in place of the real server's; None for a path under none, relayed as it is."""
        responder, path = self.mount.responder, self.head.path
        bases = [base.encode() for base in responder.base_paths(self.entry)]
        return next(
            (base for base in sorted(bases, key=len, reverse=True) if path == base or path.startswith(base + b"/")),
            None,
        )

    def _via(self) -> bytes:
        return f"{self.scope.get('http_version', '1.1')} {self.relay.via}".encode()

    async def _mock(self) -> UpstreamAnswer:
        await self.inflow.read_rest()
        if not self.inflow.is_whole:
            return self._kept(
                problem_answer(problem.CONTENT_TOO_LARGE, f"the mock reads bodies of up to {self.relay.limit:,} bytes")
            )
        answer = await self.respond(self.request)
        return self._kept(answer._replace(fields=[*answer.fields, date()]))

    async def _unanswered(self, failure: Unanswered) -> UpstreamAnswer:
        """Answer by the mock or with a problem, since the real server did not answer; both note a finding."""
        seen = SeenExchange(self.request, failure=failure, is_request_whole=self.is_judged_whole)
        judged = await self.relay.judge(self.mount, seen, self.entry)
        self.relay.settle(self.mount, seen, judged)
        if self.entry is not None and self.relay.choices.steps_in_for(failure.fault):
            return await self._mock()
        if failure.fault in {TransportFault.TIMEOUT, TransportFault.ENDLESS}:
            kind = problem.GATEWAY_TIMEOUT
        else:
            kind = problem.BAD_GATEWAY
        detail = f"{self.relay.upstream.origin}: {failure}"
        answer = problem_answer(kind, detail, entry=self.entry, findings=judged.findings, fields=[date()])
        return self._kept(_said(answer, judged.findings))

    async def _pass_on(self, incoming: Incoming) -> UpstreamAnswer:
        if self.head.method == "HEAD" or incoming.status in _EMPTY:
            return await self._finish_held(incoming, b"")
        body = Holding(incoming.chunks(), self.relay.limit)
        try:
            if not incoming.is_stream and await body.is_short(_length(incoming.fields), whole=self.whole):
                return await self._finish_held(incoming, bytes(body.kept))
            return await self._stream(incoming, body)
        except Unanswered as failure:
            return await self._unanswered(failure)
        finally:
            await body.close()

    async def _stream(self, incoming: Incoming, body: Holding) -> UpstreamAnswer:
        """Send a body as it comes; the header carries only the findings known by then."""
        early = SeenExchange(
            self.request,
            Response(incoming.status, incoming.fields, b""),
            is_request_whole=self.is_judged_whole,
            unread="it is still coming",
        )
        judged = await self.relay.judge(self.mount, early, self.entry)
        fields = self._shown(self._fields(incoming, judged.findings))
        await self.send({"type": "http.response.start", "status": incoming.status, "headers": fields})
        failure = None
        self.streamed = incoming, body
        try:
            async for chunk in body.chunks():
                await self.send({"type": "http.response.body", "body": chunk, "more_body": True})
            self.is_complete = True
            await self.send({"type": "http.response.body", "body": b""})
        except Unanswered as error:
            failure, self.is_complete = error, True
            self.hang_up()  # the head is sent: a body that breaks off is how the client learns of the failure
        unread = self._too_large() if body.is_cut else ""
        return await self._finish(incoming, bytes(body.kept), unread=unread, failure=failure)

    def hang_up(self) -> None:
        """Close the connection to the client."""
        line = line_of(self.scope, self.send)
        if line is not None:
            line.close()

    async def leave(self) -> UpstreamAnswer:
        """
        Complete an exchange after its client went away.

        To close the connection is how to end a stream, so that is judged.
        """
        if self.streamed is None:
            left = Answer(_GONE, [], b"", "gone", self.entry)
            return UpstreamAnswer(self.request, left, is_sent=True, kept=left)
        incoming, body = self.streamed
        whole = body.kept[
            : max(body.kept.rfind(b"\n\n") + 2, body.kept.rfind(b"\n") + 1 if b"\n\n" not in body.kept else 0)
        ]
        if incoming.is_stream and not body.is_cut:
            unread = ""
        else:
            unread = "the client went away before its end"
        return await self._finish(incoming, bytes(whole), unread=unread)

    async def _finish(
        self, incoming: Incoming, data: bytes, *, unread: str = "", failure: Unanswered | None = None
    ) -> UpstreamAnswer:
        """Judge an answer that is as complete as it will be; it was sent already, but for its last word."""
        relay, plain = self.relay, data
        try:
            if data and not unread and is_coded(incoming.fields):
                plain = await asyncio.to_thread(decode_content, data, incoming.fields, relay.limit)
        except MalformedContent as error:
            unread = str(error)
        seen = SeenExchange(
            self.request, Response(incoming.status, incoming.fields, plain), failure, self.is_judged_whole, unread
        )
        judged = await relay.judge(self.mount, seen, self.entry)
        relay.settle(self.mount, seen, judged)
        fields = self._fields(incoming, judged.findings)
        answer = Answer(incoming.status, fields, data, UPSTREAM, None, judged.findings)
        kept = answer._replace(entry=self.entry)
        if not unread:
            kept = kept._replace(fields=[pair for pair in fields if pair[0] not in _OF_CODING], body=plain)
        return UpstreamAnswer(self.request, answer, is_sent=True, kept=kept)

    async def _finish_held(self, incoming: Incoming, data: bytes) -> UpstreamAnswer:
        """Judge an answer that was held back; it is still to be sent."""
        relayed = await self._finish(incoming, data)
        answer = relayed.answer
        if data:
            own = [pair for pair in answer.fields if pair[0] != b"content-length"]
            return relayed._replace(answer=answer._replace(fields=own), is_sent=False)
        self.is_complete = True
        await self.send({"type": "http.response.start", "status": answer.status, "headers": self._shown(answer.fields)})
        await self.send({"type": "http.response.body", "body": b""})
        return relayed

    def _fields(self, incoming: Incoming, findings: tuple[Finding, ...]) -> list[RawField]:
        relay = self.relay
        own = self._base()
        fields = to_client(incoming.fields, incoming.status, via=self._via(), cors=relay.cors)
        if own is not None:
            host = find_field(self.head.fields, b"host") or ""
            lead = partial(
                localise,
                origin=relay.upstream.origin,
                base=relay.upstream.base_path,
                own=own.decode("latin-1"),
                host=f"{self.scope.get('scheme', 'http')}://{host}",
            )
            for index, (name, value) in enumerate(fields):
                if name in LEADING:
                    fields[index] = (name, lead(value))
        if findings:
            fields.append((FIELD, write_violations(findings)))
        return fields

    def _shown(self, fields: Sequence[RawField]) -> list[RawField]:
        """Return the fields of an answer of our own, with those for browsers."""
        shown = confine([*CONTENT_FIELDS, *fields], self.head.fields)
        if self.relay.cors:
            return [*with_cors(shown, self.head.fields), VARY_ON_ORIGIN]
        return list(shown)

    def _too_large(self) -> str:
        return f"it has more than {self.relay.limit:,} bytes; --max-body sets the limit"

    def _kept(self, answer: Answer) -> UpstreamAnswer:
        return UpstreamAnswer(self.request, answer, is_sent=False, kept=answer)


def _report(settled: Future[None]) -> None:
    """Log the failure of a task in the background."""
    error = settled.exception()
    if error is not None:
        _log.error("an exchange could not be counted: %r", error, exc_info=error)


def _length(fields: RawFields) -> int | None:
    written = find_field(fields, b"content-length") or ""
    if written.isdigit():
        return int(written)
    return None


def _said(answer: Answer, findings: tuple[Finding, ...]) -> Answer:
    if findings:
        return answer._replace(fields=[*answer.fields, (FIELD, write_violations(findings))])
    return answer
