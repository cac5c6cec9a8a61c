"""
The answer of one documented response: an example that fits the request, else a generated value.

An example of a pair that the request carries the other half of goes first, then one without a pair.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mock_server.cache import BoundedCache, weigh_text
from mock_server.document.model import MISSING, Example, MediaType, Missing, Operation
from mock_server.document.references import Node
from mock_server.errors import SchemaError, UnsatisfiableSchema
from mock_server.exchange import problem
from mock_server.exchange.body import content_type, is_wire_text, write_body, write_text
from mock_server.exchange.header_fields import Sent
from mock_server.exchange.media_type import (
    MediaRange,
    is_event_stream,
    is_json,
    is_streamed,
    is_text,
    is_xml,
    parse_media_type,
)
from mock_server.exchange.message import Request
from mock_server.exchange.negotiate import ChosenMediaType, ChosenResponse, find_example, represent
from mock_server.exchange.packed import is_packed
from mock_server.exchange.prefer import EDGES
from mock_server.exchange.security import challenges
from mock_server.findings import Finding
from mock_server.generate.echo import WITH_BODY, find_requested
from mock_server.generate.edges.proof import EdgeSubject
from mock_server.generate.engine import Engine, name_of_operation
from mock_server.generate.pagination import iter_ends
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.json_values import JsonValue, find_at
from mock_server.judges.response import ResponseJudge
from mock_server.respond.answer import GENERATED, PAYLOAD, SEED, SOURCE, Answer, Candidate, RawField, problem_answer
from mock_server.respond.edge_answers import edges_of
from mock_server.respond.examples import (
    PairedExample,
    find_pairs,
    iter_links,
    iter_wrong,
    leads_back,
    unquoted,
    usable_examples,
    why_not,
)
from mock_server.respond.headers import Heading, link_field, page_fields
from mock_server.respond.represent.context import RequestContext, asks_for_stream
from mock_server.respond.represent.media import (
    ACCEPTED,
    CompiledMediaType,
    LastPageExample,
    is_problem_details,
    is_single,
    is_string,
    type_field,
)
from mock_server.respond.stream import ItemStream
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.sites import Site, site_of

_CARRIED = "the request carries what it asks for, or it asks for nothing"

Make = Callable[[int, Mapping[str, JsonValue], str, Request, JsonValue | Missing], Answer]


@dataclass(eq=False, repr=False)
class Representation:
    """Answers with one documented response."""

    kit: Engine
    operation: Operation
    chosen: ChosenResponse
    judge: ResponseJudge
    references: tuple[str, ...] = ("/",)  # where Location and the like may lead, the best first
    _contents: dict[tuple[int, str], CompiledMediaType] = dataclasses.field(default_factory=dict)
    _represented: BoundedCache[tuple[str | None, bool], ChosenMediaType | None] = dataclasses.field(
        default_factory=lambda: BoundedCache(ACCEPTED, lambda key, _: weigh_text(key[0], _))
    )
    _head: list[RawField] | None = None
    _pairs: dict[str, PairedExample] | None = None

    def render(self, ask: RequestContext) -> Answer:
        """Make the answer; where none exists, the problem that says why."""
        entry = self.operation.entry
        if self.chosen.is_empty:
            return Answer(self.chosen.status, [*self.head(), (SOURCE, b"empty")], b"", "empty", entry)
        represented = self.represent(ask)
        if represented is None or self.is_refused(ask):
            return problem_answer(problem.NOT_ACCEPTABLE, self.unacceptable(ask).message, entry=entry)
        try:
            answer = self._represent(represented, ask)
        except SchemaError as error:
            if isinstance(error, UnsatisfiableSchema):
                kind = problem.UNSATISFIABLE
            else:
                kind = problem.UNSERVABLE
            return problem_answer(kind, str(error), entry=entry, place=str(error.place), operation=entry.id)
        if represented.is_acceptable:
            return answer
        return self.with_unacceptable(answer, ask)

    def with_unacceptable(self, answer: Answer, ask: RequestContext) -> Answer:
        """Return an answer that the client does not accept, with the finding that says so."""
        return answer._replace(findings=(*answer.findings, self.unacceptable(ask)))

    def is_usual(self, accept: str) -> bool:
        """Return whether an Accept field gets what is answered without one."""
        return self.chosen.is_empty or self.representation(accept) == self.representation(None)

    def maker(self) -> Make | None:
        """
        Return what makes the answers to requests that prefer nothing, from their seeds.

        Returns: A function of the seed, what the request says by parameter name, the seed of the world in words, and
            what else the request says. It raises SchemaError where no answer can be made. None where answers are no
            JSON that is made by a schema.
        """
        represented = self.representation(None) if not self.chosen.is_empty else None
        schema = represented.media_type.schema if represented is not None else None
        if represented is None or schema is None or not is_json(parse_media_type(represented.name)):
            return None
        content = self._content(represented)
        producer = self._producer(content, schema, None)
        status, is_problem, method = self.chosen.status, is_problem_details(content.media_type), self.operation.method
        sends = method in WITH_BODY or method == "DELETE"

        def make(
            seed: int, echo: Mapping[str, JsonValue], text: str, request: Request, body: JsonValue | Missing
        ) -> Answer:
            wish = SampleOptions(seed, echo=echo, status=status, is_problem=is_problem)
            written = producer.by_row(wish) if not sends else None  # which goes by nothing else that a request says
            if written is None:
                written = producer.write(wish._replace(requested=find_requested(method, status, request, body)))
            return self._answer(content, written, GENERATED, text)

        return make

    def representation(self, accept: str | None, *, streamed: bool = False) -> ChosenMediaType | None:
        """Return the representation that an Accept field gets; what clients usually send is decided once."""
        key = accept, streamed
        try:
            return self._represented[key]
        except KeyError:
            found = self._represented[key] = represent(self.chosen.response, accept, streamed=streamed)
            return found

    def represent(self, ask: RequestContext) -> ChosenMediaType | None:
        """Return the representation that a request gets; None where all that is documented is refused outright."""
        return self.representation(ask.accept, streamed=asks_for_stream(ask.understood))

    def is_refused(self, ask: RequestContext) -> bool:
        """
        Return whether a request gets 406.

        What is documented is refused outright, or not accepted where 406 is documented or asked for.
        """
        if ask.accept is None or self.chosen.is_empty:
            return False
        represented = self.represent(ask)
        if represented is None or represented.is_acceptable:
            return represented is None
        return self.kit.settings.strict_accept or any(response.status == "406" for response in self.operation.responses)

    def unacceptable(self, ask: RequestContext) -> Finding:
        """Say that the client accepts nothing of what is documented."""
        documented = ", ".join(media.name for media in self.chosen.response.content)
        return Finding(
            rule="request-accept-unmet",
            message=f"{ask.accept!r} accepts none of the documented media types: {documented}",
            place=self.chosen.response.node.place,
            instance=("header", "accept"),
            operation=self.operation.id,
        )

    def value(self, ask: RequestContext) -> tuple[JsonValue, MediaType, str] | None:
        """
        Make the JSON value of the answer, to be changed before it is written.

        Returns:
            The value, its media type and the name to send; None where the answer is no JSON.

        Raises:
            SchemaError: no value can be made.
        """
        represented = None
        if not self.chosen.is_empty:
            represented = represent(self.chosen.response, ask.accept) or represent(self.chosen.response, None)
        if represented is None or not is_json(parse_media_type(represented.name)):
            return None
        return self.make(represented, ask), represented.media_type, represented.name

    def make(self, represented: ChosenMediaType, ask: RequestContext) -> JsonValue:
        """
        Make the value of the answer in a media type: an example, else generated.

        Raises:
            SchemaError: no value can be made.
        """
        content = self._content(represented)
        example = self._pick_example(content, ask)
        if example is not None:
            return self._example_value(content, example)
        return self._produce(content, ask)

    def carry(self, represented: ChosenMediaType, value: JsonValue, source: str, ask: RequestContext) -> Answer:
        """Answer with a given value, which is not judged here."""
        content = self._content(represented)
        answer = self._answer(content, self._write(content, value), source, None)
        if represented.is_acceptable:
            return answer
        return self.with_unacceptable(answer, ask)

    def head(self) -> list[RawField]:
        """Return the documented header fields, with values; made once."""
        if self._head is None:
            challenge = challenges(self.operation.security, self.kit.document.schemes)
            sent = Sent(self.operation.method, self.chosen.status, self.references, challenge)
            self._head = Heading(self.kit, self.operation, self.judge, sent).fields(self.chosen.response)
        return self._head

    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with the examples of this response."""
        return tuple(
            Finding(
                rule="document-example-invalid",
                message=f"{_name_example(example)}: {message}",
                place=example.node.place,
                instance=instance,
                operation=self.operation.id,
            )
            for media in self.chosen.response.content
            for example in media.examples
            if example.value is not MISSING
            for message, instance in iter_wrong(media, example, self.judge)
        )

    def _represent(self, represented: ChosenMediaType, ask: RequestContext) -> Answer:
        content = self._content(represented)
        name = ask.preferences.example
        if name is not None:
            example = find_example(represented.media_type, name)
            if example is None:
                known = ", ".join(str(e.key) for e in represented.media_type.examples if e.key) or "none"
                response = f"the response {self.chosen.status} as {represented.name}"
                detail = f"{response} has no example {name!r}; there are: {known}"
                return problem_answer(problem.NOT_FOUND, detail, entry=self.operation.entry)
        else:
            example = self._pick_example(content, ask)
            edge = self._edge(content, ask)
            if edge is not None:
                return edge
        if example is not None:
            written = self._write_example(content, example, ask if name is None else None)
            return self._answer(content, written, f"example:{example.key or 'default'}", None)
        return self._paged(self._answer(content, self._made(content, ask), GENERATED, ask.seed_text), content, ask)

    def _paged(self, answer: Answer, content: CompiledMediaType, ask: RequestContext) -> Answer:
        """Return the answer with header fields that say which page of the preferred number of things it is."""
        schema = content.represented.media_type.schema
        if ask.preferences.size is None or schema is None or not content.is_json or self.operation.method != "GET":
            return answer
        page = self._producer(content, schema, ask.preferences.locale).page(self._wish(content, ask))
        if page is None:
            return answer
        told = dict(page_fields(self.chosen.response, page.span, page.links))
        if page.is_plain and page.span.limit:
            told[b"link"] = link_field(page.links)[1]  # a list without anything around it has no other place for it
        return answer._replace(
            fields=[*((name, value) for name, value in answer.fields if name not in told), *told.items()]
        )

    def _edge(self, content: CompiledMediaType, ask: RequestContext) -> Answer | None:
        """Find the preferred edge case with its name; None where none is preferred, or where the body is no JSON."""
        media = content.represented.media_type
        rule, profile = ask.preferences.payload, ask.profile
        if (rule is None and profile not in EDGES) or media.schema is None or not is_json(content.media_type):
            return None
        schema, name = media.schema, name_of_operation(self.operation)
        edges = edges_of(content, lambda: EdgeSubject(self.kit.producer(schema, self.operation, name=name)))
        key = f"{profile} {self.operation.id} {self.chosen.status} {content.represented.name}"
        unproven = ""
        try:
            if rule is not None:
                edge = edges.find(rule)
            else:
                edge = edges.following(str(profile), ask.world.turns, key)
        except UnsatisfiableSchema:
            raise
        except SchemaError as error:  # values can be made, but no edge case can be proven
            edge, unproven = None, f": {error.reason}"
        if edge is None and rule is None and ask.preferences.profile is None:
            return None  # a profile of the whole server: what has no such edge is answered as always
        if edge is None:
            wanted = f"the payload {rule!r}" if rule is not None else f"{profile} payloads"
            advice = f"see mock-server payloads {self.operation.id} --explain"
            lacking = f"has no {wanted.removeprefix('the ')}{unproven}"
            detail = f"the response {self.chosen.status} as {content.represented.name} {lacking}; {advice}"
            return problem_answer(problem.NOT_FOUND, detail, entry=self.operation.entry)
        answer = self._answer(content, self._write(content, edges.payload(edge, ask.seed)), GENERATED, ask.seed_text)
        return answer._replace(fields=[*answer.fields, (PAYLOAD, edge.rule.encode("latin-1", "replace"))])

    def _answer(self, content: CompiledMediaType, body: bytes, source: str, seed: str | None) -> Answer:
        fields = content.fields.get((source, seed))
        if fields is None:
            made = [type_field(content, body), *self.head(), (SOURCE, source.encode("latin-1", "replace"))]
            fields = (*made, (SEED, seed.encode("latin-1", "replace"))) if seed is not None else tuple(made)
            content.fields[source, seed] = fields
        return Answer(self.chosen.status, fields, body, source, self.operation.entry)

    def _content(self, represented: ChosenMediaType) -> CompiledMediaType:
        key = (id(represented.media_type), represented.name)
        content = self._contents.get(key)
        if content is None:
            media, media_type = represented.media_type, parse_media_type(represented.name)
            written = content_type(represented.name, media_type).encode("latin-1", "replace")
            content = CompiledMediaType(
                represented,
                media_type,
                (b"content-type", written),
                self._outline(media, media_type),
                usable_examples(media, media_type, self.judge, keep_invalid=self.kit.settings.keep_invalid_examples),
                is_json=is_json(media_type),
            )
            self._contents[key] = content
        return content

    def _outline(self, media: MediaType, media_type: MediaRange) -> Site:
        """Return the outline that writing needs: for forms, XML and streams only."""
        needed = is_xml(media_type) or media_type.type == "multipart" or is_event_stream(media_type)
        schemas = self.kit.schemas.of(Direction.RESPONSE, Purpose.MAKE)
        if is_streamed(media_type) and media.item_schema is not None:
            return site_of(schemas.bundle(media.item_schema)).listed()
        if not needed or media.schema is None:
            return Site()
        outline = site_of(schemas.bundle(media.schema))
        if is_event_stream(media_type) and is_single(media.schema.value):
            return outline.listed()
        return outline

    def _pick_example(self, content: CompiledMediaType, ask: RequestContext) -> Example | None:
        if "example" not in ask.sources or ask.preferences.asks_for_generated or not content.usable:
            return None
        pairs = self._paired()
        for example in content.usable:
            if example.key in pairs and pairs[example.key].is_carried(ask.understood):
                return example
        return next((example for example in content.usable if example.key not in pairs), None)

    def consider(self, ask: RequestContext) -> Iterator[Candidate]:
        """Yield the examples that there are for a request, for an explanation."""
        represented = self.represent(ask) if not self.chosen.is_empty else None
        if represented is None:
            return
        usable, name = self._content(represented).usable, ask.preferences.example
        met = f"the preference example={name}" if name is not None else _CARRIED
        reason = ""
        if "example" not in ask.sources:
            reason = "examples are not among the sources"
        elif ask.preferences.asks_for_generated:
            reason = "something is preferred that only a generated value can have"
        for example in represented.media_type.examples:
            pair = self._paired().get(str(example.key))
            passed = reason or why_not(example, usable, pair, ask.understood)
            yield Candidate(f"example:{example.key or 'default'}", met, passed)

    def _paired(self) -> dict[str, PairedExample]:
        """By key: what a request has to carry for a paired example."""
        if self._pairs is None:
            self._pairs = find_pairs(self.operation, self.chosen.response)
        return self._pairs

    def _write_example(self, content: CompiledMediaType, example: Example, ask: RequestContext | None) -> bytes:
        """Write an example; for a request that follows a sign of a next page in it, it is the last page."""
        key = str(example.key)
        if key not in content.ready:
            written = example.serialized
            value = self._example_value(content, example) if written is None else None
            content.ready[key] = written.encode() if written is not None else self._written_example(content, value)
            if content.is_json and written is None and content.represented.media_type.schema is not None:
                self._find_end(content, key, value, content.represented.media_type.schema)
        ended = content.ended.get(key)
        if (
            ended is None
            or ask is None
            or not (ended.always or ended.follows & {n for _, n in ask.understood.parameters})
        ):
            return content.ready[key]
        return ended.written

    def _written_example(self, content: CompiledMediaType, value: JsonValue) -> bytes:
        """Return the bytes of the value of an example; a text is the content already, unless the media type is JSON."""
        media_type = content.media_type
        is_written = not is_streamed(media_type) or (isinstance(value, str) and is_wire_text(value, media_type))
        if isinstance(value, str) and is_written and not is_json(media_type):
            return write_text(value, media_type)
        return self._write(content, value)

    def _find_end(self, content: CompiledMediaType, key: str, value: JsonValue, schema: Node) -> None:
        """See whether an example leads to a next page, and what it is without that."""
        producer = self._producer(content, schema, None)
        ended = producer.ended(value)
        if ended != value:
            follows = producer.paging
            said = [find_at(value, tuple(map(str, wished.place)))[1] for wished in iter_ends(value)]
            always = not follows or any(leads_back(link, follows) for sign in said for link in iter_links(sign))
            content.ended[key] = LastPageExample(self._write(content, ended), follows, always)

    def _example_value(self, content: CompiledMediaType, example: Example) -> JsonValue:
        value = None if isinstance(example.value, Missing) else example.value
        if is_json(content.media_type):
            return unquoted(value, self.judge, content.represented.media_type)
        return value

    def _write(self, content: CompiledMediaType, value: JsonValue) -> bytes:
        media = content.represented.media_type
        return write_body(value, content.media_type, content.outline, media.encoding, self._root_name(media))

    def _root_name(self, media: MediaType) -> str:
        """Return the name of an XML root element: the component's, else the operation's subject."""
        ref = media.schema.reference if media.schema is not None else None
        if ref:
            return ref.rpartition("/")[2]
        return name_of_operation(self.operation) or "root"

    def _produce(self, content: CompiledMediaType, ask: RequestContext) -> JsonValue:
        media = content.represented.media_type
        schema = media.schema if media.schema is not None else media.item_schema
        if schema is None:
            if is_json(content.media_type) or is_xml(content.media_type) or is_packed(content.media_type):
                return {}
            return ""
        producer, wish = self._producer(content, schema, ask.preferences.locale), self._wish(content, ask)
        streamed = is_streamed(content.media_type)
        if is_text(content.media_type) and not streamed:
            return _text(producer, wish)
        if not streamed or (media.item_schema is None and not is_single(schema.value)):
            return producer.produce(wish)
        if media.item_schema is None and is_string(schema.value):
            whole = producer.produce(wish)  # the schema may speak of the whole stream
            if isinstance(whole, str) and is_wire_text(whole, content.media_type):
                return whole
        if content.stream is None:
            item = media.item_schema if media.item_schema is not None else schema
            is_of_events = is_event_stream(content.media_type)
            content.stream = ItemStream(self.kit, self.operation, self.chosen.response, media, item, is_of_events)
        return content.stream.make(wish, ask.preferences.locale)

    def _wish(self, content: CompiledMediaType, ask: RequestContext) -> SampleOptions:
        """Return what a generated value should be like."""
        preferences = ask.preferences
        requested = find_requested(self.operation.method, self.chosen.status, ask.request, ask.understood.body)
        echoes, is_minimal = ask.understood.echoes(), ask.profile == "minimal"
        is_problem = is_problem_details(content.media_type)
        return SampleOptions(
            ask.seed,
            not preferences.dynamic,
            is_minimal,
            preferences.size,
            echoes,
            requested,
            self.chosen.status,
            is_problem,
        )

    def _made(self, content: CompiledMediaType, ask: RequestContext) -> bytes:
        """Return a made body; JSON is written as it is made."""
        schema = content.represented.media_type.schema
        if content.is_json and schema is not None:
            return self._producer(content, schema, ask.preferences.locale).write(self._wish(content, ask))
        return self._write(content, self._produce(content, ask))

    def _producer(self, content: CompiledMediaType, schema: Node, locale: str | None) -> Producer:
        producer = content.producers.get(locale)
        if producer is None:
            producer = self.kit.producer(schema, self.operation, name=name_of_operation(self.operation), locale=locale)
            content.producers[locale] = producer
        return producer


def _name_example(example: Example) -> str:
    if example.key:
        return f"the example {example.key!r}"
    return "the example"


def _text(producer: Producer, wish: SampleOptions) -> JsonValue:
    """Text has no JSON types: where no value satisfies the schema, a text is as good an answer as any."""
    try:
        return producer.produce(wish)
    except UnsatisfiableSchema:
        return ""
