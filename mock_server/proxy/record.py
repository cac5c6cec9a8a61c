"""
Recording: answers of the real server become fixtures.

One fixture for each request that was seen; where the answer to the same request changes, the next one says from which
turn on it answers (`turn`), so that a replay in the same order gives the same answers. What an earlier run recorded
for a request is replaced when the request is seen anew. A fixture is written only if it would be served: it is read
back and judged as `check` does it, before it takes its name.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from mock_server.document.model import ParameterLocation
from mock_server.document.yaml import encode_yaml
from mock_server.errors import MalformedContent, SchemaError, UsageError
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.media_type import is_json, is_streamed, is_text, is_xml, parse_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.exchange.secrets.mask import Mask
from mock_server.files import folder_name, make_folder_within
from mock_server.findings import Finding, Level
from mock_server.json_values import JsonObject, JsonValue
from mock_server.proxy.conditions import ReadRequest, conditions_of, identity_of
from mock_server.proxy.headers import LEADING, localise
from mock_server.proxy.judge import JudgedExchange, SeenExchange
from mock_server.respond.fixtures import Fixture, read_fixture
from mock_server.respond.headers import KEEPING
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import named_world

_MOST: Final = 10_000  # requests that are told apart
_SLUG: Final = 40  # characters
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")
# Fields that mean something to whoever reads the answer, whether the document has them or not.
_KEPT: Final = frozenset(
    (b"content-type", b"location", b"content-location", b"link", b"etag", b"last-modified", b"content-language",
     b"content-disposition",
     b"content-range", b"accept-ranges", b"accept-patch", b"allow", b"retry-after", b"www-authenticate", b"set-cookie",
     b"x-total-count", b"deprecation", b"sunset")
)  # fmt: skip
_LONG_NUMBER: Final = re.compile(rb"[0-9]{20}")
_OF_THE_MOMENT: Final = frozenset((429, 502, 503, 504))


class Unrecordable(ValueError):
    """An exchange that can't become a fixture; the message says why."""


class _AnswerForm(NamedTuple):
    """One way to write an answer."""

    envelope: JsonObject
    value: JsonValue | bytes  # what the body has to say when it is read back; of JSON the value


@dataclass(slots=True)
class _AnswerSequence:
    """The answers to one request."""

    seen: int = 0
    last: bytes = b""  # what the last one was


@dataclass(eq=False, repr=False)
class Recorder:
    """Writes fixtures. Used by one thread at a time; other processes may write into the same folder."""

    folder: Path
    origin: str  # the real server's
    base: str  # the path of its base
    written: int = 0  # fixtures
    _sequences: dict[bytes, _AnswerSequence] = field(default_factory=dict)
    _asked: dict[bytes, JsonObject] = field(
        default_factory=dict
    )  # the conditions of each request, as its first answer has them
    _world: str | None = None  # whose exchanges are recorded; None until the first one

    def __post_init__(self) -> None:
        """
        Make the folder.

        Raises:
            UsageError: nothing can be written there.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / f".{secrets.token_hex(8)}.tmp"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise UsageError(f"nothing can be recorded in {self.folder}: {error.strerror or error}") from error

    def take(self, responder: Responder, seen: SeenExchange, judged: JudgedExchange, mask: Mask) -> tuple[Finding, ...]:
        """Record an exchange; return a finding for one that is not recorded."""
        if judged.matched is None or judged.understood is None or seen.response is None or seen.failure is not None:
            return ()
        entry = judged.matched.route.target
        if seen.request.method != entry.method:
            return ()  # HEAD is answered by what GET gives
        operation = responder.document.operation(entry)
        asked = ReadRequest(responder, operation, seen.request, judged.understood, mask)
        try:
            self._check(seen, judged)
            self._record(asked, seen.response)
        except (Unrecordable, UsageError) as error:
            why = str(error)
        except OSError as error:
            why = f"{self.folder}: {error.strerror or error}"
        else:
            return ()
        message = f"the {seen.response.status} is not recorded: {why}"
        return (Finding(rule="traffic-not-recorded", message=message, place=entry.node.place, operation=entry.id),)

    def _check(self, seen: SeenExchange, judged: JudgedExchange) -> None:
        world = named_world(seen.request.fields) or ""
        if self._world is None:
            self._world = world
        if world != self._world:
            raise Unrecordable("it is of another world than the first exchange")
        if seen.unread:
            raise Unrecordable(seen.unread)
        if judged.understood is not None:
            known = judged.understood.parameters
        else:
            known = {}
        if judged.matched is not None and any(
            (ParameterLocation.PATH, name) not in known for name in judged.matched.variables
        ):
            raise Unrecordable("its path can't be read")
        if seen.response is not None and seen.response.status in _OF_THE_MOMENT:
            raise Unrecordable("it says more about the moment than about the request")
        if not seen.is_request_whole:
            raise Unrecordable("its request is too large")
        broken = [f for f in judged.findings if f.rule.startswith("response-") and f.level is Level.ERROR]
        if broken:
            raise Unrecordable("it breaks the document")

    def _record(self, asked: ReadRequest, response: Response) -> None:
        when = self._conditions(asked, response)
        key = _key(asked, when)
        sequence = self._sequences.get(key)
        if sequence is None:
            sequence = self._sequences[key] = _AnswerSequence()
        sequence.seen += 1
        forms = list(self._forms(asked, response, when, sequence.seen))
        said = hashlib.sha256(
            write_json({name: value for name, value in forms[0].envelope.items() if name != "turn"})
        ).digest()
        if said == sequence.last:
            return
        name = f"{_slug(when)}-{key.hex()}"
        folder = make_folder_within(self.folder, folder_name(asked.operation.id))
        target = folder / (f"{name}.{sequence.seen}.yaml" if sequence.seen > 1 else f"{name}.yaml")
        if sequence.seen == 1:  # what an earlier run recorded for this request
            for path in folder.glob(f"{name}.*yaml"):
                if path != target:
                    path.unlink(missing_ok=True)
        self._write(asked, target, forms, response)
        sequence.last = said

    def _conditions(self, asked: ReadRequest, response: Response) -> JsonObject:
        """Return the conditions of a request: the same ones for all of its answers, so that these take turns."""
        identity = _key(asked, identity_of(asked))
        when = self._asked.get(identity)
        if when is None:
            if len(self._asked) >= _MOST:
                raise Unrecordable(f"{_MOST:,} requests are recorded, and no more")
            when = self._asked[identity] = conditions_of(asked, response)
        return when

    def _write(self, asked: ReadRequest, target: Path, forms: list[_AnswerForm], response: Response) -> None:
        """Write the first form that would be served as it was answered."""
        draft = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.tmp")
        why = "it can't be written as a fixture"
        try:
            for text, form in {_yaml(form.envelope): form for form in forms}.items():
                draft.write_bytes(text)
                fixture, wrong = _read_back(draft, asked)
                if fixture is not None and _says(fixture, form):
                    draft.replace(target)
                    self.written += 1
                    return
                why = "; ".join(finding.message for finding in wrong[:3]) or why
        finally:
            draft.unlink(missing_ok=True)
        raise Unrecordable(why)

    def _forms(self, asked: ReadRequest, response: Response, when: JsonObject, turn: int) -> Iterator[_AnswerForm]:
        """
        Yield the forms in which an answer can be written, the best one first.

        Secrets give way to a word, or keep their form where the schema asks for one; references into the real server
        become relative, or lead to where the client found this proxy; a body is a value, a text, or bytes.
        """
        host = find_field(asked.request.fields, b"host") or ""
        for lead in ("", f"http://{host}"):
            for mask in (asked.mask, asked.mask.veiled()):
                headers = self._headers(asked, response, mask, lead)
                for body, value in _bodies(asked, response, mask):
                    head: JsonObject = (
                        {"when": when} if when or not body else {}
                    )  # one of the two tells a fixture from a bare body
                    turns: JsonObject = {"turn": turn} if turn > 1 else {}
                    yield _AnswerForm({**head, **turns, "status": response.status, **headers, **body}, value)

    def _headers(self, asked: ReadRequest, response: Response, mask: Mask, lead: str) -> JsonObject:
        documented = asked.operation.find_response(response.status)
        names = set(_KEPT)
        if documented is not None:
            names |= {header.name.lower().encode("latin-1", "replace") for header in documented.headers}
        found: dict[str, list[JsonValue]] = {}
        for name, value in response.fields:
            if name not in names or name in KEEPING:
                continue
            led = self._led(asked, value, lead) if name in LEADING else value
            text = mask.field(name, led).decode("latin-1")
            found.setdefault(name.decode("latin-1"), []).append(text)
        if not found:
            return {}
        headers: JsonObject = {name: values[0] for name, values in found.items()}
        headers.update((name, values) for name, values in found.items() if len(values) > 1)
        return {"headers": headers}

    def _led(self, asked: ReadRequest, value: bytes, lead: str) -> bytes:
        path = asked.request.path.decode("latin-1")
        bases = asked.responder.base_paths(asked.operation.entry)
        own = next(
            (base for base in sorted(bases, key=len, reverse=True) if path.startswith(base + "/") or path == base), ""
        )
        return localise(value, origin=self.origin, base=self.base, own=own, host=lead)


def _key(asked: ReadRequest, what: JsonObject) -> bytes:
    return hashlib.sha256(asked.operation.id.encode() + b"\0" + write_json(what)).digest()[:8]


def _bodies(asked: ReadRequest, response: Response, mask: Mask) -> Iterator[_AnswerForm]:
    """Yield the forms in which a body can be written: as a value, as text, as bytes."""
    data = response.body
    if not data:
        yield _AnswerForm({}, b"")
        return
    written = find_field(response.fields, b"content-type") or "application/octet-stream"
    media_type = parse_media_type(written)
    shown = mask.body(response.fields, data)
    raw = [_AnswerForm({"base64": base64.b64encode(data).decode()}, data)] if shown == data else []
    if _LONG_NUMBER.search(data):
        yield from raw  # numbers that JSON can say, but not everybody who reads it
    if is_json(media_type):
        value = mask.value(_json(data))
        yield _AnswerForm({"body": value}, value)
    elif is_text(media_type) or is_xml(media_type) or is_streamed(media_type):
        try:
            text = mask.body(response.fields, data).decode()
        except UnicodeDecodeError:
            pass
        else:
            yield _AnswerForm({"body": text}, text.encode())
    yield from raw


def _json(data: bytes) -> JsonValue:
    try:
        return read_json(data)
    except MalformedContent as error:
        raise Unrecordable(str(error)) from error


def _yaml(envelope: JsonObject) -> bytes:
    try:
        return encode_yaml(envelope).encode()
    except ValueError as error:  # half a character, which JSON can say and YAML can't
        raise Unrecordable(f"it can't be written as YAML: {error}") from error


def _read_back(draft: Path, asked: ReadRequest) -> tuple[Fixture | None, list[Finding]]:
    try:
        return read_fixture(
            draft,
            asked.operation.entry,
            asked.operation,
            asked.responder.judge_of(asked.operation.entry),
            asked.responder.kit.pools,
        )
    except SchemaError as error:
        raise Unrecordable(str(error)) from error


def _says(fixture: Fixture, form: _AnswerForm) -> bool:
    """Return True if a fixture that was read back has the body that was written."""
    body = fixture.stored.written.body
    if isinstance(form.value, bytes):
        return body == form.value
    return bool(body) and _json(body) == form.value


def _slug(when: JsonObject) -> str:
    """Return a readable file name from path and query."""
    words: list[str] = []
    for place in ("path", "query"):
        named = when.get(place)
        for name, value in named.items() if isinstance(named, dict) else ():
            if isinstance(value, str | int | float):
                words += [str(value)] if place == "path" else [f"{name}-{value}"]
    return _UNFIT.sub("-", "-".join(words)).strip("-.")[:_SLUG].strip("-.") or "recorded"
