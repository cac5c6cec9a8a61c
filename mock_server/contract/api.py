"""
One operation under test: it writes requests, and says what a request is to the document.

The wire oracle: what is sent is first written, then read again as the document allows, by the judge of requests, which
refuses only what no reading accepts. So a case is negative only if the bytes on the wire are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mock_server.contract.model import Intent
from mock_server.document.document import Document
from mock_server.document.model import Entry, Operation
from mock_server.document.references import Node
from mock_server.errors import SchemaError
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Request, find_field, is_safe_method
from mock_server.exchange.router import Matched, Router
from mock_server.findings import Finding, Level, Place
from mock_server.generate.engine import Engine
from mock_server.generate.request import Drafter, Known, RequestDraft, encode, request_outlines
from mock_server.json_values import Pointer, find_at
from mock_server.judges.identity import Identity
from mock_server.judges.request import RequestJudge
from mock_server.judges.response import ResponseJudge
from mock_server.schema.bundle import Bundle
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.formats import find_format
from mock_server.schema.validate import Validator
from mock_server.settings import Settings


@dataclass(frozen=True, slots=True)
class ClassifiedRequest:
    """The intent of a request, as the document judges it."""

    intent: Intent
    findings: tuple[Finding, ...] = ()  # what it breaks


@dataclass(frozen=True, slots=True)
class PartSchema:
    """The schema of a part of requests, as it is judged and as it is made."""

    bundle: Bundle  # as JUDGE reads it
    judge: Validator
    make: Validator


@dataclass(eq=False, repr=False)
class OperationUnderTest:
    """One operation, ready to be tested."""

    api: "Api"
    operation: Operation
    requests: RequestJudge
    responses: ResponseJudge
    drafter: Drafter

    @property
    def entry(self) -> Entry:
        """Its entry in the index."""
        return self.operation.entry

    @property
    def is_elsewhere(self) -> bool:
        """True where the document says that other servers than its own ones have it."""
        own = self.operation.servers or ()
        return bool(own) and not {server.url for server in own} & {server.url for server in self.api.document.servers}

    @property
    def base_path(self) -> str:
        """
        The base path of its requests.

        Of the URL under test, or of its own servers where that is the document's path.
        """
        documented = {server.base_path for server in self.api.document.servers}
        if not self.is_elsewhere or self.api.base_path not in documented:
            return self.api.base_path
        return (self.operation.servers or ())[0].base_path

    @property
    def is_safe(self) -> bool:
        """True where its method changes nothing."""
        return is_safe_method(self.operation.method)

    def write(self, draft: RequestDraft, identity: Identity | None = None) -> Request:
        """
        Write a draft as somebody would send it; credentials that are not at hand are left out.

        Raises:
            UndefinedSerialization: a parameter can't be written.
        """
        who = (identity if identity is not None else self.api.identity).for_operation(self.entry.id)
        chosen = who.choose(self.operation, self.api.document.schemes)
        if draft.security == next(iter(self.operation.security), ()) != chosen:
            draft = draft.with_security(chosen)
        at_hand = who.credentials.keys() | self.api.invented
        draft = draft.with_security(tuple(pair for pair in draft.security if pair[0] in at_hand))
        request = encode(
            draft, self.base_path, request_outlines(self.api.kit), self.api.document.schemes, who.credentials
        )
        return who.apply(request)

    def classify(self, request: Request) -> ClassifiedRequest:
        """Say what a request is to the document, whatever its credentials are."""
        request = self.api.reveal(request)
        path = request.path.decode("latin-1").removeprefix(self.base_path)
        matched = self.api.router.match(request.method, path, request.query.decode("latin-1"))
        candidates = (matched, *matched.others) if isinstance(matched, Matched) else ()
        own = next((candidate for candidate in candidates if candidate.route.target is self.entry), None)
        if own is None:
            return ClassifiedRequest(Intent.DOUBTFUL)
        broken = _errors(self.requests, request, own)
        rivals = (
            [candidate for candidate in candidates if candidate is not own]
            if broken
            else candidates[: candidates.index(own)]
        )
        if any(self._is_meant(rival, request) for rival in rivals):
            return ClassifiedRequest(Intent.DOUBTFUL, broken)
        if not broken:
            return ClassifiedRequest(Intent.CONFORMING)
        written = find_field(request.fields, b"content-type")
        as_text = written is not None and not is_json(parse_media_type(written))
        if not _errors(self.requests, request, own, lenient=True):
            return ClassifiedRequest(Intent.DOUBTFUL, broken)  # most servers read it, and no document can forbid that
        certain = any(not self.api.is_doubtful(finding, as_text=as_text) for finding in broken)
        return ClassifiedRequest(Intent.VIOLATING if certain else Intent.DOUBTFUL, broken)

    def _is_meant(self, rival: Matched[Entry], request: Request) -> bool:
        """Return whether a request may be one for another operation, whose path can't be told from this one's."""
        judge = self.api.judge(rival.route.target)
        return judge is None or not _errors(judge, request, rival)


def _errors(
    judge: RequestJudge, request: Request, matched: Matched[Entry], *, lenient: bool = False
) -> tuple[Finding, ...]:
    """Return what a request breaks, as one for an operation."""
    understood = judge.read(request, matched.variables, security=False, lenient=lenient)
    return tuple(finding for finding in understood.findings if finding.level is Level.ERROR)


@dataclass(eq=False, repr=False)
class Api:
    """The API under test, as its document describes it."""

    document: Document
    kit: Engine
    base_path: str  # of the URL under test: it replaces the document's servers
    identity: Identity = field(default_factory=Identity)
    reveal: Callable[[Request], Request] = lambda request: request  # with what logins hold, to be judged
    router: Router[Entry] = field(default_factory=Router)
    # Security schemes for which credentials are made up, and those for which that was tried: see `phases.resources`.
    invented: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    broken: dict[str, SchemaError] = field(default_factory=dict)  # operations that can't be tested, and why
    _subjects: dict[str, OperationUnderTest] = field(default_factory=dict)
    _judges: dict[str, RequestJudge | None] = field(default_factory=dict)
    _readings: dict[tuple[str, Pointer], PartSchema | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Build the routes."""
        for entry in self.document.entries:
            self.router.add("", entry.method, entry.template, entry)

    def subject(self, entry: Entry, known: Known) -> OperationUnderTest | None:
        """Make an operation ready; None where its schemas can't be used, which `broken` then explains."""
        if entry.id in self.broken:
            return None
        if entry.id not in self._subjects:
            operation, requests = self.document.operation(entry), self.judge(entry)
            if requests is None:
                return None
            responses = ResponseJudge(operation, self.kit.schemas.of(Direction.RESPONSE, Purpose.JUDGE))
            self._subjects[entry.id] = OperationUnderTest(
                self, operation, requests, responses, Drafter(self.kit, operation, known)
            )
        return self._subjects[entry.id]

    def judge(self, entry: Entry) -> RequestJudge | None:
        """
        Return the judge of an operation's requests.

        None where its schemas can't be used, which `broken` then explains.
        """
        if entry.id not in self._judges:
            operation = self.document.operation(entry)
            try:
                self._judges[entry.id] = RequestJudge(
                    self.document, operation, self.kit.schemas.of(Direction.REQUEST, Purpose.JUDGE)
                )
            except SchemaError as error:
                self._judges[entry.id] = None
                self.broken[entry.id] = error
        return self._judges[entry.id]

    def reading(self, schema: Node) -> PartSchema | None:
        """Return the schema of a part of requests, compiled once; None where it can't be used."""
        if schema.key not in self._readings:
            sets = self.kit.schemas
            try:
                bundle = sets.of(Direction.REQUEST, Purpose.JUDGE).bundle(schema)
                make = Validator(sets.of(Direction.REQUEST, Purpose.MAKE).bundle(schema))
                self._readings[schema.key] = PartSchema(bundle, Validator(bundle), make)
            except SchemaError:
                self._readings[schema.key] = None  # which is said when the operation is made ready
        return self._readings[schema.key]

    def is_doubtful(self, finding: Finding, *, as_text: bool) -> bool:
        """
        Return whether a request may break a rule and still be read as right.

        By a format that is a hint; and where the body is no JSON, as text: there everything is a string to somebody.
        """
        place = finding.place
        if place is None or not place.pointer:
            return False
        if place.pointer[-1] == "format":
            return not find_format(self._value_at(place)).is_certain
        in_text = as_text and (finding.instance or ())[:1] == ("body",) and place.pointer[-1] == "type"
        return in_text and "string" in str(self._value_at(place))

    def _value_at(self, place: Place) -> object:
        resource = next((known for known in self.document.library.loaded() if known.name == place.file), None)
        if resource is not None:
            return find_at(resource.value, place.pointer)[1]
        return None


def make_api(
    document: Document, base_path: str, seed: int, locale: str | None = None, fields: Mapping[str, str] | None = None
) -> Api:
    """Make an API ready to be tested."""
    return Api(
        document, Engine(document, Settings(seed=seed, locale=locale, fields=fields or {})), base_path.rstrip("/")
    )
