"""
Templates: `{{ request.path.id }}` in the texts of an answer.

    expression  = lookup / call / literal
    lookup      = "request" *( "." name / "['" text "']" )    request.body./json/pointer, too
    call        = name "(" [ expression *( "," expression ) ] ")"
    literal     = 'text' / "text" / number / true / false / null

A text that is nothing but one expression becomes what it gives, with its JSON type; elsewhere it is written into the
text, null and what is not there as nothing. There is no code, no loop and no attribute: what a template can do is
`FUNCTIONS`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import orjson

from mock_server.document.model import MISSING, Missing, ParameterLocation
from mock_server.errors import ScriptError
from mock_server.generate.realism.pools import Pools
from mock_server.generate.seed import derive_random
from mock_server.json_values import JsonValue, Pointer, find_at, parse_pointer
from mock_server.respond.match.functions import FUNCTIONS, FunctionContext, as_text
from mock_server.respond.match.request_pattern import PatternRequest
from mock_server.timing.clock import REAL, Clock

_MAX_EXPRESSIONS = 500  # of one answer
_MAX_DEPTH = 10  # of calls in each other, and of an expression's own length
_MAX_TEXT = 4 * 1024 * 1024  # characters that the expressions of one answer may give
_OPEN, _CLOSE = "{{", "}}"

_TOKENS = re.compile(
    r"""\s*(?:
        (?P<lookup>request(?:\.[\w$-]+|\['[^']*'\]|\.(?P<pointer>/[^\s,()}'"]*))*)
      | (?P<call>[a-z][a-z_]*)\s*\(
      | (?P<word>true|false|null)\b
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<number>-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?)
    )\s*""",
    re.VERBOSE,
)
_NAME = re.compile(r"\.([\w$-]+)|\['([^']*)'\]")
_PARTS: Final = ("method", "url", "path", "query", "headers", "cookies", "body")


@dataclass(eq=False)
class Rendering:
    """The request that a template is rendered for, and what is left of its budget."""

    asked: PatternRequest
    variables: Mapping[str, str]  # of the path, percent-encoded
    parameters: Mapping[tuple[ParameterLocation, str], JsonValue]  # as the document reads them
    body: JsonValue | Missing  # as the document reads it
    seed: int
    pools: Pools
    turn: int = 1
    clock: Clock = REAL
    _calls: int = 0
    _left: int = _MAX_TEXT

    def call(self) -> FunctionContext:
        """Return what the next function may use."""
        self._calls += 1
        now = self.clock.moment().replace(microsecond=0) if self.clock.is_set else self.pools.now
        return FunctionContext(derive_random(self.seed, "template", self._calls), self.turn, self.pools, now)

    def spend(self, text: str) -> str:
        """
        Count what is written.

        Raises:
            ScriptError: it is too much.
        """
        self._left -= len(text)
        if self._left < 0:
            raise ScriptError(f"the answer of the template has more than {_MAX_TEXT:,} characters")
        return text

    def find(self, names: Pointer, pointer: Pointer | None) -> JsonValue:
        """Look something up in the request; null where it is not there."""
        part, rest = names[0], names[1:]
        if part == "body":
            body = self._body()
            found, value = find_at(None if isinstance(body, Missing) else body, (*rest, *(pointer or ())))
            if found:
                return value
            return None
        if part == "method":
            return self.asked.request.method
        if part == "url":
            return self.asked.url
        if not rest:
            if part == "path":
                return self.asked.path
            return None
        return self._parameter(part, rest[0])

    def _parameter(self, part: str, name: str) -> JsonValue:
        location = _LOCATIONS[part]
        key = (location, name)
        if key in self.parameters:
            return self.parameters[key]
        if location is ParameterLocation.PATH:
            if name in self.variables:
                return unquote(self.variables[name])
            return None
        if location is ParameterLocation.HEADER:
            values = self.asked.headers(name.lower())
            if values:
                return ", ".join(values)
            return None
        return (self.asked.query if location is ParameterLocation.QUERY else self.asked.cookies).get(name, [None])[0]

    def _body(self) -> JsonValue | Missing:
        if not isinstance(self.body, Missing):
            return self.body
        content = self.asked.body
        if content is None:
            return MISSING
        if isinstance(content.json, Missing):
            return content.text
        return content.json


_LOCATIONS = {
    "path": ParameterLocation.PATH,
    "query": ParameterLocation.QUERY,
    "headers": ParameterLocation.HEADER,
    "cookies": ParameterLocation.COOKIE,
}
Expression = Callable[[Rendering], JsonValue]


@dataclass(frozen=True, slots=True)
class Template:
    """A JSON value with expressions in its texts."""

    render: Expression
    is_constant: bool


@dataclass(eq=False)
class _TemplateCompiler:
    pools: Pools
    count: int = 0

    def value(self, value: JsonValue, at: Pointer) -> Expression:
        if isinstance(value, str):
            return self.text(value, at) if _OPEN in value else lambda _: value
        if isinstance(value, dict):
            bad = next((name for name in value if _OPEN in name), None)
            if bad is not None:
                raise ScriptError("names of members can't be templates", (*at, bad))
            members = [(name, self.value(child, (*at, name))) for name, child in value.items()]
            return lambda rendering: {name: render(rendering) for name, render in members}
        if isinstance(value, list):
            items = [self.value(child, (*at, str(index))) for index, child in enumerate(value)]
            return lambda rendering: [render(rendering) for render in items]
        return lambda _: value

    def text(self, text: str, at: Pointer) -> Expression:
        """Split a text at its expressions."""
        parts: list[str | Expression] = []
        position = 0
        while (start := text.find(_OPEN, position)) >= 0:
            parts.append(text[position:start])
            expression, end = self.expression(text, start + len(_OPEN), at, 0)
            if not text.startswith(_CLOSE, end):
                raise ScriptError(f"{_shown(text, start)} does not end with {_CLOSE!r}", at)
            parts.append(expression)
            position = end + len(_CLOSE)
            self.count += 1
            if self.count > _MAX_EXPRESSIONS:
                raise ScriptError(f"there are more than {_MAX_EXPRESSIONS} expressions", at)
        parts.append(text[position:])
        parts = [part for part in parts if part != ""]
        if len(parts) == 1 and not isinstance(parts[0], str):
            return _counted(parts[0])
        return lambda rendering: "".join(_write_part(part, rendering) for part in parts)

    def expression(self, text: str, start: int, at: Pointer, depth: int) -> tuple[Expression, int]:
        """Read one expression; gives it and where it ends."""
        found = _TOKENS.match(text, start)
        if found is None or depth > _MAX_DEPTH:
            advice = f"known are request.{{{','.join(_PARTS)}}}, {', '.join(FUNCTIONS)}, texts and numbers"
            raise ScriptError(f"{_shown(text, start)} is no expression; {advice}", at)
        if found["call"] is not None:
            return self.arguments(text, found, at, depth)
        if found["lookup"] is not None:
            return _lookup(found["lookup"], found["pointer"], at), found.end()
        if found["text"] is not None:
            literal: JsonValue = found["text"][1:-1]
        else:
            literal = orjson.loads(found["word"] or found["number"])
        return (lambda _: literal), found.end()

    def arguments(self, text: str, found: "re.Match[str]", at: Pointer, depth: int) -> tuple[Expression, int]:
        name, position = found["call"], found.end()
        function = FUNCTIONS.get(name)
        if function is None:
            raise ScriptError(f"there is no function {name!r}; there are {', '.join(FUNCTIONS)}", at)
        arguments: list[Expression] = []
        while not text.startswith(")", position):
            if arguments:
                if not text.startswith(",", position):
                    raise ScriptError(f"{_shown(text, found.start())} has no ')' or ',' where one is needed", at)
                position += 1
            argument, position = self.expression(text, position, at, depth + 1)
            arguments.append(argument)
        if not function.least <= len(arguments) <= function.most:
            if function.least == function.most:
                wanted = str(function.least)
            else:
                wanted = f"{function.least} to {function.most}"
            raise ScriptError(f"{name}() takes {wanted} arguments, not {len(arguments)}", at)
        if name == "fake":
            self._check_kind(text, found, at)
        call = function.call

        def render(rendering: Rendering) -> JsonValue:
            value = call(rendering.call(), [argument(rendering) for argument in arguments])
            if isinstance(value, str):
                return rendering.spend(value)
            return value

        return render, _after(text, position + 1)

    def _check_kind(self, text: str, found: "re.Match[str]", at: Pointer) -> None:
        literal = _TOKENS.match(text, found.end())
        kind = literal["text"] if literal is not None else None
        if kind is None or not self.pools.find_named(kind[1:-1]):
            raise ScriptError(
                f"{_shown(text, found.start())} names nothing that is known; as with x-faker: 'email', 'city', …", at
            )


def compile_template(value: JsonValue, pools: Pools, at: Pointer = ()) -> Template:
    """
    Compile a JSON value with expressions in its texts.

    Args:
        value: The value.
        pools: Where `fake` takes values from.
        at: The place of the value, for errors.

    Raises:
        ScriptError: an expression is none, or there are too many.
    """
    compiler = _TemplateCompiler(pools)
    render = compiler.value(value, at)
    return Template(render, compiler.count == 0)


def _lookup(written: str, pointer: str | None, at: Pointer) -> Expression:
    path = written.removesuffix(f".{pointer}") if pointer is not None else written
    names = tuple(dotted or quoted for dotted, quoted in _NAME.findall(path.removeprefix("request")))
    if not names or names[0] not in _PARTS or (pointer is not None and names != ("body",)):
        raise ScriptError(f"{written!r} is nothing to look up; that is request. and one of {', '.join(_PARTS)}", at)
    if (names[0] in _LOCATIONS and len(names) > 2) or (names[0] in {"method", "url"} and len(names) > 1):  # noqa: PLR2004
        raise ScriptError(f"{written!r} goes deeper than there is something to look up", at)
    if names[0] in {"query", "headers", "cookies"} and len(names) == 1:
        raise ScriptError(f"{written!r} needs the name of one of them", at)
    steps = parse_pointer(pointer) if pointer is not None else None
    return lambda rendering: rendering.find(names, steps)


def _counted(expression: Expression) -> Expression:
    """Make an expression that counts the weight of its value and keeps it as it is."""

    def render(rendering: Rendering) -> JsonValue:
        value = expression(rendering)
        if isinstance(value, str | dict | list):
            rendering.spend(as_text(value))
        return value

    return render


def _write_part(part: str | Expression, rendering: Rendering) -> str:
    if isinstance(part, str):
        return part
    return rendering.spend(as_text(part(rendering)))


def _after(text: str, position: int) -> int:
    """Return the position of the next character that is no space."""
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _shown(text: str, start: int) -> str:
    cut = text[start : start + 60]
    return repr(cut)
