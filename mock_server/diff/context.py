"""The context of all comparisons: the two documents, their schemas, and how changes are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from mock_server.diff.messages import SchemaComparer, SchemaDifference, open_comparer
from mock_server.diff.model import NOWHERE, ComparedPlace, DiffVerdict, DocumentChange, Witness
from mock_server.diff.notes import SchemaNotes
from mock_server.diff.policy import MessagePolicy
from mock_server.diff.unchanged import Unchanged
from mock_server.document.document import Document
from mock_server.document.model import MISSING, MediaType, Missing, Operation, Parameter, SecurityRequirement
from mock_server.document.references import Node
from mock_server.errors import SchemaError, UndefinedSerialization
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Request
from mock_server.findings import RULES, Finding, Level, Place
from mock_server.generate.engine import Engine
from mock_server.generate.request import Drafter, ParameterKey, RequestDraft, encode, request_outlines
from mock_server.json_values import JsonValue, Pointer
from mock_server.judges.request import RequestJudge
from mock_server.schema.dialect import Direction, Purpose
from mock_server.settings import Settings

UNSTABLE: Final = frozenset(("draft", "alpha"))  # that may change without notice


@dataclass(eq=False, repr=False)
class DocumentSide:
    """One of the two documents, with what is made of it."""

    document: Document
    settings: Settings
    _drafts: dict[Pointer, RequestDraft] = field(default_factory=dict)
    _judges: dict[Pointer, RequestJudge | None] = field(default_factory=dict)

    @cached_property
    def kit(self) -> Engine:
        """The tools of the document."""
        return Engine(self.document, self.settings)

    @property
    def origin(self) -> str:
        """The origin of the first server; a local one where it has none."""
        url = self.document.servers[0].url if self.document.servers else ""
        base = self.document.servers[0].base_path if self.document.servers else ""
        if url.startswith(("http://", "https://")):
            return url.removesuffix("/").removesuffix(base)
        return NOWHERE

    def base_path(self, operation: Operation) -> str:
        """Return the path before an operation's template."""
        if operation.entry.is_sent:
            return ""
        return (operation.servers or self.document.servers)[0].base_path

    def draft(self, operation: Operation) -> RequestDraft:
        """Return a good request of an operation, as values, without its body."""
        key = operation.entry.node.pointer
        if key not in self._drafts:
            self._drafts[key] = Drafter(self.kit, replace(operation, request_body=None)).draft()
        return self._drafts[key]

    def with_body(self, draft: RequestDraft, make: Callable[[Node], JsonValue]) -> RequestDraft:
        """Return a draft with a small body, where the operation has one."""
        body = draft.operation.request_body
        if body is None or not body.content:
            return draft
        media = next((each for each in body.content if is_json(parse_media_type(each.name))), body.content[0])
        try:
            return draft.with_body(make(media.schema) if media.schema is not None else "example", media)
        except SchemaError:
            return draft

    def write(self, draft: RequestDraft) -> Request | None:
        """Write a request; None where OpenAPI does not say how."""
        try:
            written = encode(draft, self.base_path(draft.operation), request_outlines(self.kit), self.document.schemes)
        except (UndefinedSerialization, SchemaError):
            return None
        if not written.path.startswith(b"/"):
            return written._replace(path=b"/" + written.path)
        return written

    def judge(self, operation: Operation) -> RequestJudge | None:
        """Return the judge of an operation's requests; None where one of its schemas can't be compiled."""
        key = operation.entry.node.pointer
        if key not in self._judges:
            schemas = self.kit.schemas.of(Direction.REQUEST, Purpose.JUDGE)
            try:
                self._judges[key] = RequestJudge(self.document, operation, schemas)
            except SchemaError:
                self._judges[key] = None
        return self._judges[key]


@dataclass(eq=False, repr=False)
class DiffContext:
    """The comparison of two documents."""

    old: DocumentSide
    new: DocumentSide
    policy: MessagePolicy
    levels: Mapping[str, Level]  # by rule, where not the usual one
    seen_callbacks: set[tuple[object, object]] = field(default_factory=set)  # which may lead to themselves
    _comparers: dict[tuple[Direction, bool], SchemaComparer] = field(default_factory=dict)
    _notes: dict[tuple[Direction, bool], SchemaNotes] = field(default_factory=dict)

    @cached_property
    def unchanged(self) -> Unchanged:
        """The parts that are written the same in both."""
        return Unchanged(self.old.document, self.new.document)

    def comparer(self, direction: Direction, *, is_sent: bool) -> SchemaComparer:
        """Return the comparer of one direction; callbacks go the other way."""
        key = (direction, is_sent)
        if key not in self._comparers:
            holds = self.unchanged.holds
            if (direction is Direction.RESPONSE) is is_sent:
                made = open_comparer(self.old.kit, self.new.kit, direction, self.policy, holds)
            else:
                made = open_comparer(
                    self.new.kit, self.old.kit, direction, self.policy, lambda sent, received: holds(received, sent)
                )
            self._comparers[key] = made
        return self._comparers[key]

    def notes(self, direction: Direction, *, receiver_is_new: bool) -> SchemaNotes:
        """Return what notes the changes of schemas that break nobody, in one direction."""
        key = (direction, receiver_is_new)
        if key not in self._notes:
            before, after, is_open = self.old.document, self.new.document, self.policy.open_world
            self._notes[key] = SchemaNotes(before, after, direction, receiver_is_new, is_open, self.unchanged.holds)
        return self._notes[key]

    def level(self, rule: str) -> Level:
        """Return the severity of a rule."""
        return self.levels.get(rule, RULES[rule].level)


@dataclass(eq=False, repr=False)
class OperationPair:
    """An operation in both documents, while it is compared."""

    context: DiffContext
    old: Operation
    new: Operation
    is_sent: bool = False
    changes: list[DocumentChange] = field(default_factory=list)
    compared: int = 0  # places

    @property
    def title(self) -> str:
        """The title of the operation."""
        return self.old.entry.title

    @property
    def receiver_of_answers(self) -> Operation:
        """The operation as the party that gets the answers has it: clients, but for callbacks."""
        return self.new if self.is_sent else self.old

    @cached_property
    def is_unstable(self) -> bool:
        """True where the old document says that the operation may change without notice."""
        return stability_of(self.old.entry.node) in UNSTABLE

    def place(self, direction: Direction | None, *part: str) -> ComparedPlace:
        """Return a place of this operation."""
        return ComparedPlace(
            operation=self.old.id, title=self.title, direction=direction, part=part, is_sent=self.is_sent
        )

    def add(
        self,
        rule: str,
        message: str,
        place: ComparedPlace,
        *,
        old: Node | Place | None = None,
        new: Node | Place | None = None,
        witness: Witness | None = None,
        verdict: DiffVerdict | None = None,
        inside: Pointer = (),
        reason: str = "",
        tried: int = 0,
    ) -> None:
        """
        Note a change.

        One that has a witness is breaking, unless the verdict is given; of an operation that may change without notice
        it is a note.
        """
        found = verdict or (DiffVerdict.BREAKING if witness is not None else DiffVerdict.CHANGED)
        level = self.context.level(rule)
        if self.is_unstable and level > Level.NOTE:
            level = Level.NOTE
        self.changes.append(
            DocumentChange(
                rule=rule,
                verdict=found,
                level=level,
                message=message,
                place=place,
                inside=inside,
                old=old.place if isinstance(old, Node) else old,
                new=new.place if isinstance(new, Node) else new,
                witness=witness,
                reason=reason,
                tried=tried,
            )
        )

    def note_schemas(
        self, sent: Node | None, received: Node | None, direction: Direction, place: ComparedPlace
    ) -> None:
        """
        Note what changes without breaking anybody between the schemas of one part of a message.

        Args:
            sent: The schema of the party that sends the part.
            received: The schema of the other one.
            direction: Of the message.
            place: The part.
        """
        if sent is None or received is None:
            return
        receiver_is_new = (direction is Direction.REQUEST) is not self.is_sent
        old, new = (sent, received) if receiver_is_new else (received, sent)
        for note in self.context.notes(direction, receiver_is_new=receiver_is_new).of(old, new):
            self.add(note.rule, note.message, place, old=note.old, new=note.new, inside=note.inside)

    def witness_request(
        self,
        *,
        replaced: Mapping[ParameterKey, JsonValue] | None = None,
        without: tuple[ParameterKey, ...] = (),
        body: JsonValue | Missing | None = None,
        media: MediaType | None = None,
        security: SecurityRequirement | None = None,
        is_bare: bool = False,
    ) -> Request | None:
        """Write a request of the side that sends requests here, with some of it replaced."""
        side, operation = (self.context.new, self.new) if self.is_sent else (self.context.old, self.old)
        draft = replace(side.draft(operation), operation=operation).without(*without)
        for key, value in (replaced or {}).items():
            draft = draft.with_parameter(key, value)
        if is_bare:
            draft = draft.with_body(MISSING)
        elif body is not None or media is not None:
            draft = draft.with_body(body if body is not None else MISSING, media)
        else:
            draft = side.with_body(draft, self.context.comparer(Direction.REQUEST, is_sent=self.is_sent).make_example)
        if security is not None:
            draft = draft.with_security(security)
        return side.write(draft)

    def refusals(self, request: Request) -> tuple[Finding, ...]:
        """List what is wrong with a request by the document of its receiver, as far as it makes it an error."""
        side, operation = (self.context.old, self.old) if self.is_sent else (self.context.new, self.new)
        judge = side.judge(operation)
        if judge is None:
            return ()
        read = judge.read(request, self._variables(request, side, operation))
        return tuple(finding for finding in read.findings if finding.level is Level.ERROR)

    def sender_accepts(self, request: Request, key: ParameterKey) -> bool:
        """Return whether the sender's own document has nothing against a parameter of a request."""
        side, operation = (self.context.new, self.new) if self.is_sent else (self.context.old, self.old)
        judge = side.judge(operation)
        if judge is None:
            return True
        read = judge.read(request, self._variables(request, side, operation))
        wanted = (key[0].value, key[1])
        return not any(
            finding.level is Level.ERROR and (finding.instance or ())[:2] == wanted for finding in read.findings
        )

    def read_parameter(
        self, request: Request, parameter: Parameter, *, of_sender: bool = False
    ) -> tuple[JsonValue] | None:
        """Read a parameter of a request as a party reads it; None where it is not there."""
        is_new = of_sender is self.is_sent
        side, operation = (self.context.new, self.new) if is_new else (self.context.old, self.old)
        judge = side.judge(operation)
        if judge is None:
            return None
        read = judge.read(request, self._variables(request, side, operation))
        found = read.parameters.get((parameter.location, parameter.name), MISSING)
        return None if isinstance(found, Missing) else (found,)

    def _variables(self, request: Request, side: DocumentSide, operation: Operation) -> dict[str, str]:
        """Read the path variables of a request that was written for the other document's template."""
        if operation.entry.is_sent:
            return {}
        names = [name for name, _ in _split_template(operation.entry.template)]
        source = self.context.old if not self.is_sent else self.context.new
        written = self.old if not self.is_sent else self.new
        base = source.base_path(written)
        values = _match_template(written.entry.template, request.path.decode("latin-1").removeprefix(base))
        return dict(zip(names, values, strict=False))

    @property
    def origin(self) -> str:
        """The origin of the witnesses' requests."""
        return NOWHERE if self.is_sent else self.context.old.origin


def _split_template(template: str) -> list[tuple[str, str]]:
    """Return the variables of a path template, each with the text before it."""
    found: list[tuple[str, str]] = []
    rest = template.partition("?")[0]
    while "{" in rest and "}" in rest:
        before, _, after = rest.partition("{")
        name, _, rest = after.partition("}")
        found.append((name.lstrip("+").rstrip("+*"), before))
    return found


def _match_template(template: str, path: str) -> list[str]:
    """Return the texts in a path that was written for a template, in the order of its variables."""
    values: list[str] = []
    parts = _split_template(template)
    tail = template.partition("?")[0].rpartition("}")[2]
    for index, (_, before) in enumerate(parts):
        path = path.removeprefix(before)
        following = parts[index + 1][1] if index + 1 < len(parts) else tail
        at = path.find(following) if following else len(path)
        values.append(path[:at] if at >= 0 else path)
        path = path[at:] if at >= 0 else ""
    return values


def stability_of(node: Node) -> str:
    """Return the stability level that an operation claims; "" where it claims none."""
    if isinstance(node.value, dict):
        return str(node.value.get("x-stability-level", "")).lower()
    return ""


def describe_difference(difference: SchemaDifference) -> str:
    """Say in words what is refused."""
    if difference.refused is not None and difference.refused.violations:
        return difference.refused.violations[0].message
    return difference.reason
