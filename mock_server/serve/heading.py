"""
The documented header fields of an answer.

An example goes before what the grammar of the field offers, and that before what is made by the schema: of a field such as
`ETag` or `Location` the schema mostly says only that it is a text, and any word would do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mock_server.contract.response import ResponseJudge
from mock_server.errors import SchemaError, UndefinedSerialization
from mock_server.exchange.header_grammar import Grammar, Sent, find_grammar
from mock_server.exchange.serialization import write_header
from mock_server.exchange.web_links import without_next
from mock_server.generate.kit import Kit
from mock_server.generate.produce import Wish
from mock_server.generate.seed import derive_seed
from mock_server.serve.answer import RawField
from mock_server.serve.caching import CACHE_CONTROL, NOT_KEPT
from mock_server.spec.model import Header, Missing, Operation, Response
from mock_server.typing import JsonValue

_WORD = "word"
_ATTEMPTS = 6  # at a value that can stand in a field


@dataclass(frozen=True, slots=True)
class Heading:
    """Makes the header fields of one documented response."""

    kit: Kit
    operation: Operation
    judge: ResponseJudge
    sent: Sent  # what values may depend on

    def fields(self, response: Response) -> list[RawField]:
        """Make the fields; an optional one without a value that fits its schema is left out."""
        made = ((header, self._text(header)) for header in response.headers)
        return [(header.name.lower().encode("latin-1"), text.encode("latin-1")) for header, text in made if text is not None]

    def _text(self, header: Header) -> str | None:
        grammar = find_grammar(header.name)
        if header.name.lower() == CACHE_CONTROL.decode() and not self.kit.settings.caching:
            return next(self._conforming(header, NOT_KEPT), NOT_KEPT[0])
        examples = list(self._conforming(header, self._examples(header)))
        fitting = [text for text in examples if grammar is None or grammar.fits(text)]
        if fitting:
            return fitting[0]
        if grammar is not None:
            if grammar.is_spared and not header.required and not examples:
                return None
            offered = next(self._conforming(header, grammar.values(self._sent(header))), None)
            if offered is not None:
                return offered
        return examples[0] if examples else self._made(header, grammar)

    def _sent(self, header: Header) -> Sent:
        seed = derive_seed(self.kit.settings.seed, self.operation.id, "header", header.name)
        return Sent(self.sent.method, self.sent.status, self.sent.references, self.sent.challenge, seed)

    def _conforming(self, header: Header, texts: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
        return (text for text in texts if not any(self.judge.judge_header(header, text)))

    def _examples(self, header: Header) -> Iterator[str]:
        for example in header.examples:
            text = _written(None if isinstance(example.value, Missing) else example.value, explode=header.explode)
            if text is not None and header.name.lower() == "link":
                text = without_next(text)  # lists end, see `generate.requested`
            if text:
                yield text

    def _made(self, header: Header, grammar: Grammar | None) -> str | None:
        """A value made by the schema; none of a field with a grammar for which the schema lets any word do."""
        schema = header.schema
        if schema is None and header.content is not None:
            schema = header.content.schema
        is_open = grammar is not None and not any(self.judge.judge_header(header, _WORD))
        if schema is None or (is_open and not header.required):
            return "0" if header.required else None
        try:
            producer = self.kit.producer(schema, self.operation, name=header.name)
            for attempt in range(_ATTEMPTS):
                seed = derive_seed(self.kit.settings.seed, self.operation.id, "header", header.name, attempt)
                text = _written(producer.produce(Wish(seed)), explode=header.explode)
                if text is not None:
                    return text
        except SchemaError:
            return "0" if header.required else None
        return "0" if header.required else None


def _written(value: JsonValue, *, explode: bool) -> str | None:
    try:
        return write_header(value, explode=explode)
    except UndefinedSerialization:
        return None
