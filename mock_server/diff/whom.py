"""
For whom: which consumers the changes of a document hurt.

What a consumer sends is judged by both documents: a change hurts it where the new one refuses what the old one took.
What it reads of answers is looked up: a change hurts it where it reads the place that differs. A profile says less, the
names of what is sent and read, and is taken at its word.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

from mock_server.contract.pact import is_pact, read_pact
from mock_server.contract.record_judge import make_record_judge
from mock_server.contract.records import RecordedExchange
from mock_server.diff.model import ComparedDocuments, DocumentChange, HurtConsumer
from mock_server.diff.pairs import pair_entries
from mock_server.diff.usage import (
    OperationUsage,
    UsedExchange,
    agree,
    find_operation,
    is_used,
    iter_interactions,
    iter_used,
    normalize,
    read_profile,
    usage_of,
)
from mock_server.document.document import path_names
from mock_server.document.load import read_resource
from mock_server.document.model import MISSING, Entry, Missing
from mock_server.errors import SchemaError
from mock_server.exchange.media_type import parse_media_type
from mock_server.exchange.message import Request, Response, find_field
from mock_server.exchange.parameters import Carrier
from mock_server.exchange.router import Matched
from mock_server.exchange.security import find_unmet
from mock_server.findings import Finding, Level, Place
from mock_server.json_values import JsonValue, Pointer, find_at
from mock_server.judges.request import DecodedRequest
from mock_server.schema.dialect import Direction
from mock_server.settings import Settings

# Keywords that refuse a value as a whole for something within it.
_COMBINING: Final = frozenset(("oneOf", "anyOf", "allOf", "not", "then", "else", "if", "$ref", "discriminator"))
_NEEDED: Final = frozenset(("diff-parameter-required", "diff-request-body-required"))


@dataclass(frozen=True, slots=True)
class _Question:
    """A change that breaks somebody, and what one has to use to be hurt by it."""

    change: DocumentChange
    path: Pointer  # of what is sent or read
    media: str  # of the body; "" where it is none
    missing: tuple[str, ...] = ()  # properties of the object there that are required now, or promised no more

    @property
    def is_sent(self) -> bool:
        """True where it is about what clients send."""
        return self.change.place.direction is Direction.REQUEST

    def is_hurt(self, usage: OperationUsage) -> bool:
        """Return whether a consumer with a use of the operation is hurt, as far as names say it."""
        rule = self.change.rule
        if self.change.place.direction is None or rule == "diff-security-tightened":
            return True
        if self.is_sent:
            return self._is_refused(usage)
        if rule == "diff-status-added":
            return True
        if self.missing:
            return any(is_used(usage.reads, (*self.path, name)) for name in self.missing)
        return is_used(usage.reads, self.path)

    def _is_refused(self, usage: OperationUsage) -> bool:
        if self.change.rule in _NEEDED:
            return not is_used(usage.sends, self.path)
        if self.missing:
            return is_used(usage.sends, self.path) and not all(
                is_used(usage.sends, (*self.path, name)) for name in self.missing
            )
        return is_used(usage.sends, self.path)


class _Asked(NamedTuple):
    """An exchange, read by the old document."""

    exchange: RecordedExchange
    matched: Matched[Entry]
    usage: OperationUsage
    is_read: bool = True  # whether the body of the answer could be read, if it has one


class _Refusals(NamedTuple):
    """The faults that the new document finds in a request that the old one took."""

    findings: tuple[Finding, ...] = ()
    is_complete: bool = True  # whether all of the request could be judged


@dataclass(eq=False, repr=False)
class _Consumer:
    name: str
    kind: str  # what is counted: interactions, exchanges
    hurt: Counter[int] = field(default_factory=Counter)  # by the number of the change
    used: Counter[str] = field(default_factory=Counter)  # by operation


@dataclass(eq=False, repr=False)
class HurtFinder:
    """Finds which consumers the changes of two compared documents hurt."""

    compared: ComparedDocuments
    settings: Settings
    unread: Counter[str] = field(default_factory=Counter)  # records that say nothing, by file
    foreign: Counter[str] = field(default_factory=Counter)  # exchanges of nothing that the old document has, by file
    unjudged: Counter[str] = field(default_factory=Counter)  # exchanges of which it is unknown what hurts, by file
    _consumers: list[_Consumer] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Sort the changes by operation."""
        old, new = self.compared.old, self.compared.new
        self._old, self._new = make_record_judge(old, self.settings), make_record_judge(new, self.settings)
        self._entries = {pair.old.id: pair.new for pair in pair_entries(old.entries, new.entries).pairs}
        self._questions: dict[str, list[tuple[int, _Question]]] = {}
        for number, change in enumerate(self.compared.changes):
            if change.is_red and not change.place.is_sent:
                self._questions.setdefault(change.place.operation, []).append((number, self._ask(change)))

    def take_consumer(self, path: Path) -> None:
        """
        Take a consumer in: a Pact file, or a profile.

        Raises:
            DocumentError: the file can't be read, or is neither.
        """
        resource = read_resource(path)
        if is_pact(resource.value):
            for each in iter_interactions(read_pact(resource.value), str(path), self.unread):
                self._take_exchange(each)
            return
        profile = read_profile(resource.name, resource.value)
        names = {entry.title: entry.id for entry in self.compared.old.entries}
        consumer = self._add(profile.name, "exchanges")
        for operation, usage in find_operation(profile, names).items():
            consumer.used[operation] += usage.seen
            for number, question in self._about(operation):
                if question.is_hurt(usage):
                    consumer.hurt[number] += usage.seen

    def take_traffic(self, paths: Iterable[str]) -> None:
        """
        Take recorded traffic in, record by record; each file is a consumer, a Pact file among them its own.

        Raises:
            UsageError: there is no such file.
        """
        for each in iter_used(paths, self.unread):
            self._take_exchange(each)

    def take_answer(self, name: str, operation: str, response: Response) -> None:
        """
        Take an answer in that somebody keeps as a fixture; nothing is known of its request.

        Args:
            name: Of whom it belongs to.
            operation: The operationId.
            response: The answer.
        """
        entry = self.compared.old.find_entry(operation)
        if entry is None:
            return
        consumer = self._add(name, "fixtures")
        consumer.used[operation] += 1
        try:
            answer = self._old.judges_of(entry)[1].read_body(response)
        except SchemaError:
            answer = MISSING
        nothing = DecodedRequest({}, MISSING)
        usage = usage_of(Request("", b"", b"", [], b""), nothing, response, answer)
        for number, question in self._about(operation):
            is_whole = question.change.place.direction is None
            if is_whole or (not question.is_sent and self._reads(question, entry, response, usage)):
                consumer.hurt[number] += 1

    def result(self) -> ComparedDocuments:
        """Return the compared documents, each change that breaks somebody with the consumers that it hurts."""
        changes = list(self.compared.changes)
        for number, change in enumerate(changes):
            if change.is_red:
                changes[number] = replace(change, hurts=tuple(self._hurt_by(number, change)))
        return replace(self.compared, changes=tuple(changes))

    def _hurt_by(self, number: int, change: DocumentChange) -> Iterator[HurtConsumer]:
        for consumer in self._consumers:
            if consumer.hurt[number]:
                of = consumer.used[change.place.operation] or sum(consumer.used.values())
                yield HurtConsumer(consumer.name, consumer.hurt[number], of, consumer.kind)

    def _add(self, name: str, kind: str) -> _Consumer:
        known = next((each for each in self._consumers if (each.name, each.kind) == (name, kind)), None)
        if known is None:
            known = _Consumer(name, kind)
            self._consumers.append(known)
        return known

    def _about(self, operation: str) -> Iterator[tuple[int, _Question]]:
        """Yield the questions about an operation: its own, and those of the whole document."""
        yield from self._questions.get(operation, ())
        for number, question in self._questions.get("", ()):
            if question.change.rule != "diff-prefix-moved" or self._is_moved(operation):
                yield number, question

    def _is_moved(self, operation: str) -> bool:
        old, new = self.compared.old.find_entry(operation), self._entries.get(operation)
        return old is not None and new is not None and old.template != new.template

    def _ask(self, change: DocumentChange) -> _Question:
        part, media = change.place.part, ""
        index = 0 if change.place.direction is Direction.REQUEST else 1
        if part[index : index + 1] == ("body",) and len(part) > index + 1:
            media, part = part[index + 1], part[: index + 1]
        return _Question(change, normalize((*part, *change.inside)), media, self._find_missing(change))

    def _find_missing(self, change: DocumentChange) -> tuple[str, ...]:
        """Return the properties that an object may lack now, or has to have now."""
        is_sent = change.place.direction is Direction.REQUEST
        place, document = (change.new, self.compared.new) if is_sent else (change.old, self.compared.old)
        witness = change.witness
        if (
            place is None
            or witness is None
            or place.pointer[-1:] != ("required",)
            or isinstance(witness.value, Missing)
        ):
            return ()
        resource = next((each for each in document.library.loaded() if each.name == place.file), None)
        listed = find_at(resource.value, place.pointer)[1] if resource is not None else None
        held = find_at(witness.value, witness.inside)[1]
        names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
        return tuple(name for name in names if not isinstance(held, dict) or name not in held)

    def _take_exchange(self, used: UsedExchange) -> None:
        consumer = self._add(used.consumer, used.kind)
        asked = self._read(used.exchange, used.body)
        if asked is None:
            self.foreign[used.file] += 1
            return
        operation = asked.matched.route.target.id
        consumer.used[operation] += 1
        questions = list(self._about(operation))
        sent = {number for number, question in questions if question.is_sent}
        refusals = self._refusals(asked) if sent else _Refusals()
        numbers = {number for number, question in questions if self._is_hurt(question, asked, refusals.findings)}
        is_judged = refusals.is_complete and not self._is_unread(asked, questions)
        for refusal in refusals.findings:
            found = _find_cause(refusal, questions, asked)
            numbers |= found
            is_judged = is_judged and bool(found or numbers & sent)
        consumer.hurt.update(numbers)
        self.unjudged[used.file] += not is_judged

    def _read(self, exchange: RecordedExchange, body: JsonValue | Missing) -> _Asked | None:
        matched = self._old.match(exchange)
        if matched is None:
            return None
        try:
            requests, responses = self._old.judges_of(matched.route.target)
        except SchemaError:
            return _Asked(exchange, matched, OperationUsage(seen=1), is_read=False)
        response, answer = exchange.response, body
        decoded = requests.read(exchange.request, matched.variables, security=False)
        if response is not None:
            answer = responses.read_body(response) if isinstance(body, Missing) else body
        is_read = response is None or not response.body or not isinstance(answer, Missing)
        return _Asked(exchange, matched, usage_of(exchange.request, decoded, response, answer), is_read)

    def _is_hurt(self, question: _Question, asked: _Asked, refusals: Iterable[Finding]) -> bool:
        change, request = question.change, asked.exchange.request
        if change.place.direction is None:
            return True
        if not question.is_sent:
            response = asked.exchange.response
            return self._reads(question, asked.matched.route.target, response, asked.usage)
        if change.rule == "diff-security-tightened":
            return self._is_unmet(asked)
        if change.rule == "diff-media-type-removed":
            return _is_of_type(question.media, find_field(request.fields, b"content-type") or "")
        if change.witness is None:
            return question.is_hurt(asked.usage)
        return any(_is_refused_at(question, finding, asked) for finding in refusals)

    def _reads(self, question: _Question, entry: Entry, response: Response | None, usage: OperationUsage) -> bool:
        """Return whether an exchange has the part of an answer that a change is about."""
        if question.change.rule == "diff-status-added":
            return True
        if response is None or not self._is_about(question, entry, response):
            return False
        if question.media and len(question.path) == 2:  # noqa: PLR2004 - the body as a whole
            return bool(response.body)
        path = (str(response.status), *question.path[1:])
        return replace(question, path=path).is_hurt(usage)

    def _is_about(self, question: _Question, entry: Entry, response: Response) -> bool:
        """Return whether a change is about answers with the status and the media type of an answer."""
        documented = self.compared.old.operation(entry).find_response(response.status)
        if documented is None or documented.status.upper() != question.change.place.part[0].upper():
            return False
        written = find_field(response.fields, b"content-type")
        return not question.media or not written or _is_of_type(question.media, written)

    def _is_unread(self, asked: _Asked, questions: list[tuple[int, _Question]]) -> bool:
        """Return whether a change is about something within the body of an answer that could not be read."""
        entry, response = asked.matched.route.target, asked.exchange.response
        if asked.is_read or response is None:
            return False
        answered = (each for _, each in questions if not each.is_sent and each.media and len(each.path) > 2)  # noqa: PLR2004
        return any(self._is_about(question, entry, response) for question in answered)

    def _is_unmet(self, asked: _Asked) -> bool:
        """Return whether a request lacks the credentials that the new document asks for."""
        entry = self._entries.get(asked.matched.route.target.id)
        if entry is None:
            return True
        request, document = asked.exchange.request, self.compared.new
        carrier = Carrier(asked.matched.variables, request.query.decode("latin-1"), request.fields)
        return bool(find_unmet(document.operation(entry).security, document.schemes, carrier))

    def _refusals(self, asked: _Asked) -> _Refusals:
        """Find the faults that the new document finds in a request that the old one took."""
        old, request = asked.matched.route.target, asked.exchange.request
        new = self._entries.get(old.id)
        if new is None:
            return _Refusals()
        try:
            before = self._old.judges_of(old)[0].read(request, asked.matched.variables, security=False)
            variables = self._rename(asked, old, new)
            after = self._new.judges_of(new)[0].read(request, variables, security=False)
        except SchemaError:
            return _Refusals(is_complete=False)
        known = {(finding.rule, finding.instance) for finding in before.findings if finding.level is Level.ERROR}
        found = (finding for finding in after.findings if finding.level is Level.ERROR)
        is_complete = all(finding.rule != "request-body-malformed" for finding in before.findings)
        return _Refusals(tuple(each for each in found if (each.rule, each.instance) not in known), is_complete)

    def _rename(self, asked: _Asked, old: Entry, new: Entry) -> dict[str, str]:
        """Return the path variables under the names that the new document gives them."""
        before = path_names(old, self.compared.old.operation(old).parameters)
        after = path_names(new, self.compared.new.operation(new).parameters)
        names = dict(zip(before, after, strict=False))
        return {names.get(name, name): value for name, value in asked.matched.variables.items()}


def _find_cause(refusal: Finding, questions: list[tuple[int, _Question]], asked: _Asked) -> set[int]:
    """Return the changes that a refusal comes from; where none is about its place, those of the same keyword."""
    sent = [(number, question) for number, question in questions if question.is_sent]
    found = {number for number, question in sent if _is_refused_at(question, refusal, asked)}
    if found or refusal.place is None:
        return found
    # deeper in a schema that contains itself than the change was shown at
    return {number for number, question in sent if question.change.new == refusal.place}


def _is_refused_at(question: _Question, finding: Finding, asked: _Asked) -> bool:
    """Return whether a finding is about the place of a change."""
    instance = normalize(finding.instance or ())
    path = question.path
    if question.change.rule in _NEEDED:
        return instance == path or (path == ("body",) == instance and finding.rule == "request-body-missing")
    keyword = finding.place.pointer[-1:] if isinstance(finding.place, Place) else ()
    if question.missing:
        return len(instance) == len(path) and agree(instance, path) and keyword == ("required",)
    if keyword == ("required",) and len(instance) <= len(path) and path[0] == "body":
        return False
    if len(instance) >= len(path):
        return agree(instance, path)
    return (
        agree(instance, path) and keyword[0:1] != () and keyword[0] in _COMBINING and is_used(asked.usage.sends, path)
    )


def _is_of_type(documented: str, written: str) -> bool:
    sent, known = parse_media_type(written), parse_media_type(documented)
    return known.essence == sent.essence or (known.is_range and known.covers(sent))
