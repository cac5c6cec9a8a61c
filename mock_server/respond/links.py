"""
Links stay here: what begins with one of the document's servers leads to this one, as the client addresses it.

Answers are made with the document's own links, and with links of `HERE`; both are rewritten where an answer leaves, in
its body and its header fields, as far as it still conforms. So what is kept of answers depends on nobody's host.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

import orjson

from mock_server.cache import BoundedCache
from mock_server.document.document import Document
from mock_server.document.free_servers import domain_of, url_pattern
from mock_server.document.model import MediaType, Server
from mock_server.errors import UnusableSchema
from mock_server.exchange.body import write_json
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import RawFields, Request, find_field
from mock_server.findings import Finding
from mock_server.generate.echo import HERE
from mock_server.json_values import JsonValue, Pointer, find_at
from mock_server.judges.body import find_content
from mock_server.judges.response import ResponseJudge
from mock_server.respond.answer import UPSTREAM, Answer
from mock_server.respond.answer_cache import KEPT_READY, weigh_answer

# Fields that a reverse proxy sets: how the client addressed it.
# https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers
FORWARDED: Final = frozenset((b"x-forwarded-host", b"x-forwarded-proto"))
_HOST: Final = re.compile(rb"[A-Za-z0-9._~:\[\]-]{1,255}\Z")
_ENDS: Final = rb"(?=[/?#\"'<>\s\\,;)&]|\Z)"  # a host or a path ends here, and nothing else begins
_HERE: Final = HERE.encode()
_TEXTUAL: Final = ("json", "xml", "text/", "javascript", "x-www-form-urlencoded", "yaml")
_AGAIN: Final = ("example:", "fixture:")  # the sources of answers that are the same object each time
_FEW: Final = 1_024
_FEW_HOSTS: Final = 2
_DEEPEST: Final = 40  # of schemas within schemas
_BOUNDS: Final = ("pattern", "maxLength", "minLength", "enum", "const", "format")


@dataclass(eq=False)
class Links:
    """Leads the links of one document's answers to this server."""

    document: Document
    otherwise: str  # the host, where a client does not name it
    secure: bool = False  # whether it speaks TLS itself
    keep: bool = False  # links of the document's servers stay as they are
    _plain: BoundedCache[int, RawFields] = field(
        default_factory=lambda: BoundedCache(_FEW)
    )  # without links, by their ids
    _bounded: dict[int, tuple[MediaType, bool]] = field(default_factory=dict)
    _written: BoundedCache[tuple[int, bytes, str], tuple[Answer, Answer]] = field(
        default_factory=lambda: KEPT_READY.make(_weigh)
    )

    @cached_property
    def _servers(self) -> tuple[Server, ...]:
        """The servers that have a host, those of single operations included."""
        own = [server for entry in self.document.entries if _has_servers(entry.node.value, entry.path_item.value)
               for server in self.document.operation(entry).servers or ()]  # fmt: skip
        return tuple(server for server in (*self.document.servers, *own) if urlsplit(server.url).hostname)

    @cached_property
    def hosts(self) -> tuple[bytes, ...]:
        """The texts of which an answer needs one, so that there may be something to rewrite."""
        named = (
            ()
            if self.keep
            else [(domain_of(server) or urlsplit(server.url).netloc).encode() for server in self._servers]
        )
        return tuple(dict.fromkeys((_HERE.partition(b"//")[2], *named)))

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        """The beginnings of links that are rewritten: of `HERE`, or of the document's servers."""
        bases = () if self.keep else {_without_scheme(server.url) for server in self._servers}
        free = (
            ()
            if self.keep
            else sorted({url_pattern(server) for server in self._servers if domain_of(server)}, key=len, reverse=True)
        )
        servers = "|".join((*map(re.escape, sorted(bases, key=len, reverse=True)), *free)).encode()
        named = rb"|https?://(" + servers + rb")" + _ENDS if servers else b""
        return re.compile(re.escape(_HERE) + named)

    def leads_away(self, answer: Answer) -> bool:
        """Return whether something in an answer is rewritten."""
        hosts, body, fields = self.hosts, answer.body, answer.fields
        if len(hosts) <= _FEW_HOSTS or b"://" in body:  # most bodies have no link: one search instead of many
            for host in hosts:
                if host in body:
                    return True
        if self._plain.get(id(fields)) is fields:
            return False
        values = b"\n".join([value for _, value in fields])
        if any(host in values for host in hosts):
            return True
        if isinstance(fields, tuple):  # those of all answers of one kind
            self._plain[id(fields)] = fields
        return False

    def localise(self, answer: Answer, request: Request, base: str, judge: ResponseJudge) -> Answer:
        """
        Lead the links of an answer to this server.

        Args:
            answer: With links of the document's servers.
            request: Which says how the client addresses this one.
            base: The base path that it used.
            judge: Of the operation's responses.
        """
        if answer.source == UPSTREAM or answer.later is not None or not self.leads_away(answer):
            return answer
        home = (
            origin_of(request.fields, secure=self.secure)
            or f"{'https' if self.secure else 'http'}://{self.otherwise}".encode()
        )
        key = (id(answer), home, base)
        known = self._written.get(key)
        if known is not None and known[0] is answer:
            return known[1]
        fields = [(name, self._rewritten(value, home, base)) for name, value in answer.fields]
        written = answer._replace(fields=fields, body=self._body(answer, home, base, judge))
        if answer.source.startswith(_AGAIN):
            self._written[key] = answer, written  # with the answer, so that its id stays its own
        return written

    def _rewritten(self, text: bytes, home: bytes, base: str) -> bytes:
        def lead(found: re.Match[bytes]) -> bytes:
            if found.lastindex is None:
                return home
            return home + base.encode()

        return self._pattern.sub(lead, text)

    def _body(self, answer: Answer, home: bytes, base: str, judge: ResponseJudge) -> bytes:
        written_type = find_field(answer.fields, b"content-type") or ""
        if not any(word in written_type for word in _TEXTUAL):
            return answer.body
        body = self._rewritten(answer.body, home, base)
        response = judge.operation.find_response(answer.status)
        content = find_content(response.content, written_type) if response is not None else None
        if (
            body == answer.body
            or content is None
            or not is_json(parse_media_type(written_type))
            or not self._is_bounded(content, judge)
        ):
            return body
        return _conforming(answer.body, body, content, judge)

    def _is_bounded(self, content: MediaType, judge: ResponseJudge) -> bool:
        """Return whether the schema of a response restricts texts that hold links: other links may break it."""
        known = self._bounded.get(id(content))
        if known is None:
            hosts = tuple(host.decode() for host in self.hosts)
            try:
                if content.schema is not None:
                    schema = judge.schemas.bundle(content.schema).schema
                else:
                    schema = {}
            except UnusableSchema:
                schema = {}
            known = self._bounded[id(content)] = (
                content,
                any(_bounds_links(part, hosts) for part in _iter_schemas(schema)),
            )
        return known[1]


def origin_of(fields: RawFields, *, secure: bool) -> bytes:
    """
    Return how a client addresses the server.

    Scheme and host; empty where it does not say, or says what is no host.
    """
    host, scheme = b"", b"https" if secure else b"http"
    for name, value in fields:
        if name == b"x-forwarded-host" or (name == b"host" and not host):
            host = value.partition(b",")[0].strip()
        elif name == b"x-forwarded-proto" and value in {b"http", b"https"}:
            scheme = value
    if _HOST.match(host):
        return scheme + b"://" + host
    return b""


def _has_servers(*nodes: JsonValue) -> bool:
    return any(isinstance(node, dict) and "servers" in node for node in nodes)


def _without_scheme(url: str) -> str:
    return url.partition("://")[2].rstrip("/")


def _conforming(before: bytes, after: bytes, content: MediaType, judge: ResponseJudge) -> bytes:
    """Return what was rewritten, but for the links that only conform as they were."""
    try:
        old, new = orjson.loads(before), orjson.loads(after)
        findings = judge.judge_value(content, new)
        if not findings or judge.judge_value(content, old):
            return after
        for pointer in _places(findings):
            _put_back(old, new, pointer)
        return write_json(new) if judge.is_valid(content, new) else before
    except (orjson.JSONDecodeError, UnusableSchema):
        return after


def _places(findings: Sequence[Finding]) -> Iterator[Pointer]:
    for finding in findings:
        if finding.instance:
            yield finding.instance[1:]  # the first part says that it is the body


def _put_back(old: JsonValue, new: JsonValue, pointer: Pointer) -> None:
    """Restore the former text of a place."""
    if not pointer:
        return
    found, part = find_at(old, pointer)
    there, holder = find_at(new, pointer[:-1])
    if found and there and isinstance(holder, dict):
        holder[pointer[-1]] = part
    elif found and there and isinstance(holder, list):
        holder[int(pointer[-1])] = part


def _iter_schemas(schema: JsonValue, depth: int = 0) -> Iterator[dict[str, JsonValue]]:
    """Yield every object in a schema, the schema itself included."""
    if isinstance(schema, dict) and depth < _DEEPEST:
        yield schema
        for part in schema.values():
            yield from _iter_schemas(part, depth + 1)
    elif isinstance(schema, list) and depth < _DEEPEST:
        for part in schema:
            yield from _iter_schemas(part, depth + 1)


def _bounds_links(schema: dict[str, JsonValue], hosts: Sequence[str]) -> bool:
    """Return whether a schema asks something of a text that may be a link of the document's servers."""
    if "pattern" in schema and any(word in str(schema["pattern"]) for word in ("http", ":", "/")):
        return True
    bounds = [keyword for keyword in _BOUNDS if keyword in schema]
    shown = [schema.get(keyword) for keyword in ("example", "examples", "default", "enum", "const")]
    return bounds not in ([], ["format"]) and any(
        host in str(value) for value in shown if value is not None for host in hosts
    )


def _weigh(key: tuple[int, bytes, str], kept: tuple[Answer, Answer]) -> int:
    return weigh_answer(key[1:], kept)
