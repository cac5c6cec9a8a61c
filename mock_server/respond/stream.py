"""
The parts of a generated stream.

Where its items are alternatives that say by a fixed word what they are (`response.created`, `message_stop`, `[DONE]`),
one that opens comes first, one that ends comes last, and none that ends or reports an error stands between: clients
wait for the end, and stop at it. Source: HTML Living Standard, section 9.2, for events; OAS 3.2.0, "Sequential Media
Types"
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from mock_server.document.model import DocumentedResponse, MediaType, Operation
from mock_server.document.references import Node
from mock_server.errors import SchemaError
from mock_server.generate.engine import Engine, name_of_operation
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.dialect import Direction, Purpose

_USUAL: Final = 3  # events or lines
_MOST_LEAVES: Final = 300
_DEEPEST: Final = 6  # alternatives within alternatives
_TRIES: Final = 24  # draws for one item of a certain kind
_TAGS: Final = ("event", "type", "kind", "object")
_WORDS: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
_ENDING: Final = (
    "completed",
    "complete",
    "finished",
    "finish",
    "stop",
    "end",
    "ended",
    "done",
    "final",
    "close",
    "closed",
)
_OPENING: Final = ("created", "start", "started", "begin", "open", "opened", "init")
_BROKEN: Final = frozenset(
    ("error", "failed", "failure", "cancelled", "canceled", "incomplete", "expired", "aborted", "refused")
)
_DONE: Final = "[DONE]"
_BESIDE: Final = frozenset(
    ("discriminator", "title", "description", "example", "examples", "externalDocs", "oneOf", "anyOf")
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One alternative of a stream's items, and the word that says what it is."""

    node: Node
    word: str

    @property
    def words(self) -> list[str]:
        """The parts of its word, in lower case: `response`, `output`, `text`, `done`."""
        return [word.lower() for word in _WORDS.findall(self.word)]

    def rank(self, kinds: tuple[str, ...]) -> tuple[int, int]:
        """Return how sure it is of a kind: the fewer parts, the more of the whole stream it speaks."""
        return len(self.words), kinds.index(self.words[-1])


@dataclass(eq=False, repr=False)
class ItemStream:
    """Makes the items of one media type of a response."""

    kit: Engine
    operation: Operation
    response: DocumentedResponse
    media: MediaType
    item: Node  # the schema of one item
    is_of_events: bool
    _producers: dict[tuple[object, str | None], Producer] = field(default_factory=dict)

    def make(self, wish: SampleOptions, locale: str | None) -> list[JsonValue]:
        """
        Make the items of a stream.

        Raises:
            SchemaError: no item can be made.
        """
        count = wish.size if wish.size is not None else _USUAL
        items = [
            self._item(index, count, SampleOptions(derive_seed(wish.seed, index), echo=wish.echo), locale)
            for index in range(count)
        ]
        if items and self._ends_with_done and items[-1] != _DONE:
            return [*items, _DONE]
        return items

    def _item(self, index: int, count: int, wish: SampleOptions, locale: str | None) -> JsonValue:
        leaves = self._leaves
        if not leaves:
            return self._producer(self.item, locale).produce(wish)
        ending, opening = _find(leaves, _ENDING), _find(leaves, _OPENING)
        if index == count - 1 and ending is not None:
            return self._of(ending, wish, locale)
        if index == 0 and opening is not None and opening is not ending:
            return self._of(opening, wish, locale)
        between = [leaf for leaf in leaves if leaf.words and leaf.words[-1] not in {*_ENDING, *_OPENING, *_BROKEN}]
        if ending is None and opening is None:
            return self._producer(self.item, locale).produce(wish)
        chosen = between or [leaf for leaf in leaves if leaf not in {ending, opening}] or leaves
        return self._of(chosen[wish.seed % len(chosen)], wish, locale)

    def _of(self, leaf: Leaf, wish: SampleOptions, locale: str | None) -> JsonValue:
        """Make an item of one alternative; where the schema constrains all of them, draw until one fits."""
        if self._is_plain:
            return self._producer(leaf.node, locale).produce(wish)
        whole = self._producer(self.item, locale)
        value: JsonValue = None
        for attempt in range(_TRIES):
            value = whole.produce(SampleOptions(derive_seed(wish.seed, attempt), echo=wish.echo))
            if isinstance(value, dict) and leaf.word in [value.get(tag) for tag in _TAGS]:
                break
        return value

    def _producer(self, schema: Node, locale: str | None) -> Producer:
        key = schema.key, locale
        if key not in self._producers:
            self._producers[key] = self.kit.producer(
                schema, self.operation, name=name_of_operation(self.operation), locale=locale
            )
        return self._producers[key]

    @cached_property
    def _is_plain(self) -> bool:
        """Return True if the schema has alternatives and nothing else."""
        value = self._follow(self.item).value
        return isinstance(value, dict) and value.keys() <= _BESIDE

    @cached_property
    def _leaves(self) -> list[Leaf]:
        found = [leaf for _, leaf in zip(range(_MOST_LEAVES), self._iter_leaves(self.item, 0), strict=False)]
        if len(found) > 1:
            return found
        return []

    def _iter_leaves(self, node: Node, depth: int) -> Iterator[Leaf]:
        followed = self._follow(node)
        branches = [branch for keyword in ("oneOf", "anyOf") for branch in _children(followed, keyword)]
        if not branches or depth > _DEEPEST:
            if depth:
                yield Leaf(node, self._word(followed, 0))
            return
        for branch in branches:
            yield from self._iter_leaves(branch, depth + 1)

    def _word(self, node: Node, depth: int) -> str:
        """Return the word by which an alternative says what it is; "" where there is none."""
        value = node.value if isinstance(node.value, dict) else {}
        own = _only(value)
        if own:
            return own
        properties = value.get("properties")
        for tag in _TAGS:
            if isinstance(properties, dict) and tag in properties:
                word = _only(self._follow(node.child("properties").child(tag)).value)
                if word:
                    return word
        inner = (
            (self._word(self._follow(child), depth + 1) for child in _children(node, "allOf"))
            if depth < _DEEPEST
            else iter(())
        )
        return next(filter(None, inner), "")

    def _follow(self, node: Node) -> Node:
        return self.kit.document.references.follow(node)

    @cached_property
    def _ends_with_done(self) -> bool:
        """Return True if the document ends its streams with `data: [DONE]`."""
        if not self.is_of_events:
            return False
        holders = (self.operation.entry.node, self.response.node, self.media.node, self._follow(self.item))
        texts = [self.response.description]
        texts += [str(holder.value.get("description")) for holder in holders if isinstance(holder.value, dict)]
        return any(_DONE in text for text in (*texts, *self._words_of_the_switch()))

    def _words_of_the_switch(self) -> Iterator[str]:
        """Yield what the document says of the property `stream` in requests."""
        body = self.operation.request_body
        for content in body.content if body is not None else ():
            if content.schema is not None:
                try:
                    outline = self.kit.outline(content.schema, Direction.REQUEST, Purpose.MAKE)
                except SchemaError:
                    continue
                yield str(outline.member("stream").annotation("description"))


def _find(leaves: list[Leaf], kinds: tuple[str, ...]) -> Leaf | None:
    """Return the alternative that opens or ends the whole stream."""
    of_kind: list[Leaf] = [leaf for leaf in leaves if leaf.words and leaf.words[-1] in kinds]
    key: Callable[[Leaf], tuple[int, int]] = lambda leaf: leaf.rank(kinds)  # noqa: E731 - a name for what is compared
    return min(of_kind, key=key, default=None)


def _children(node: Node, keyword: str) -> list[Node]:
    listed = node.value.get(keyword) if isinstance(node.value, dict) else None
    if isinstance(listed, list):
        return list(node.child(keyword).items())
    return []


def _only(schema: JsonValue) -> str:
    """Return the only text that a schema takes; "" where there is none."""
    if not isinstance(schema, dict):
        return ""
    listed: JsonObject = schema
    values = listed.get("enum") if isinstance(listed.get("enum"), list) else [listed.get("const")]
    if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return ""
