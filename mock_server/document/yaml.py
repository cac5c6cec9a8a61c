"""
YAML as OpenAPI prescribes it: 1.2, core schema, JSON-compatible, keys are strings.

PyYAML resolves scalars by YAML 1.1 (`no` is false, dates become objects), so only libyaml's events are used here
and scalars are resolved by the rules of YAML 1.2.2, section 10.3.2.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from mock_server.json_values import JsonObject, JsonValue, Pointer

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Aliases share objects in memory but not where they are walked or written:
# what a document unfolds to is bounded, against "a billion laughs".
_MAX_UNFOLDED = 20_000_000
_MAX_DEPTH = 900

_CORE_TAGS = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, JsonValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC_START = frozenset("-+.0123456789")

# YAML 1.2 lets tabs stand before a comment and on blank lines; libyaml does not.
_STRAY_TAB = re.compile(r"(?m)^[ \t]*\t[ \t]*(?=#|$)|[ ]*\t+[ \t]*(?=#[^\n]*$|$)")
# JSON writes a character beyond the first plane as two escapes, which libyaml refuses.
_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class YamlError(ValueError):
    """The text is no YAML, or no YAML that JSON could say; the message names line and column."""


@dataclass(frozen=True, slots=True)
class YamlNote:
    """Something that was read past: a duplicate key, a character that may not be there."""

    message: str
    pointer: Pointer
    duplicate: bool


@dataclass(slots=True)
class _OpenCollection:
    """An open collection."""

    container: list[JsonValue] | JsonObject
    anchor: str | None
    started: int  # how much had been unfolded when it began
    key: str | None = None
    merged: list[JsonValue] = field(default_factory=list)

    @property
    def step(self) -> str | None:
        """The step of a pointer to the value that comes next; None for a key of a mapping."""
        return str(len(self.container)) if isinstance(self.container, list) else self.key


def decode_yaml(text: str) -> tuple[JsonValue, tuple[YamlNote, ...]]:
    """
    Read the first document of a YAML text.

    Returns:
        JSON data, and what was read past. Of duplicate keys the last one counts.
        Numbers JSON can't say (`.inf`, `.nan`) and integers of over 4,300 digits stay text.

    Raises:
        YamlError: the text is no YAML, a key is a collection, an alias holds itself, or it is too large or too deep.
    """
    notes: list[YamlNote] = []
    clean, stripped = _UNPRINTABLE.subn("", text)
    if stripped:
        notes.append(YamlNote(f"{stripped} character(s) that YAML does not allow were dropped", (), duplicate=False))
    try:
        value = _DataBuilder(notes).build(clean)
    except YamlError:
        mended = _SURROGATES.sub(_joined, _STRAY_TAB.sub(" ", clean))
        if mended == clean:
            raise
        notes[stripped and 1 :] = []
        value = _DataBuilder(notes).build(mended)
        if "\t" in clean:
            notes.append(YamlNote("tabs stand where libyaml does not expect them", (), duplicate=False))
    return value, tuple(notes)


def _joined(match: re.Match[str]) -> str:
    """Return the character of a pair of surrogates. RFC 8259, section 7."""
    high, low = int(match.group(1), 16), int(match.group(2), 16)
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def iter_positions(text: str) -> Iterator[tuple[Pointer, int]]:
    """Walk a YAML text that `decode_yaml` has read: each place with its line, counted from 1."""
    clean = _SURROGATES.sub(_joined, _UNPRINTABLE.sub("", text))
    stack: list[list[Any]] = []  # [is a mapping, key or next index, line of the key]
    path: list[str] = []
    try:
        for event in yaml.parse(clean, Loader=_Loader):
            kind = type(event)
            if kind in {yaml.MappingEndEvent, yaml.SequenceEndEvent}:
                stack.pop()
                _advance(stack, path)
                continue
            if kind not in {yaml.ScalarEvent, yaml.AliasEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent}:
                continue
            line = (event.start_mark.line if event.start_mark is not None else 0) + 1
            top = stack[-1] if stack else None
            if top is not None and top[0] and top[1] is None:
                name = str(getattr(event, "value", ""))
                top[1], top[2] = name, line
                path.append(name)
                continue
            if top is not None and not top[0]:
                path.append(str(top[1]))
            yield tuple(path), top[2] if top is not None and top[0] else line
            if kind in {yaml.MappingStartEvent, yaml.SequenceStartEvent}:
                stack.append([kind is yaml.MappingStartEvent, None if kind is yaml.MappingStartEvent else 0, line])
            else:
                _advance(stack, path)
    except yaml.YAMLError:
        return  # tabs that decode_yaml had to mend: the lines up to here are known


def _advance(stack: list[list[Any]], path: list[str]) -> None:
    if not stack:
        return
    path.pop()
    top = stack[-1]
    top[1] = None if top[0] else top[1] + 1


class _DataBuilder:
    """Builds data from events, without recursion."""

    def __init__(self, notes: list[YamlNote]) -> None:
        self._notes = notes
        self._stack: list[_OpenCollection] = []
        self._anchors: dict[str, tuple[JsonValue, int]] = {}
        self._unfolded = 0

    def build(self, text: str) -> JsonValue:
        try:
            for event in yaml.parse(text, Loader=_Loader):
                kind = type(event)
                if kind is yaml.ScalarEvent:
                    done, value = self._scalar(event)
                elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                    self._open({} if kind is yaml.MappingStartEvent else [], event)
                    continue
                elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    done, value = True, self._close()
                elif kind is yaml.AliasEvent:
                    done, value = self._alias(event)
                else:
                    continue
                if done and not self._stack:
                    return value
                if done:
                    self._attach(value)
        except yaml.MarkedYAMLError as error:
            raise YamlError(_sentence(error, text)) from error
        except yaml.YAMLError as error:
            raise YamlError(str(error)) from error
        return None

    def _open(self, container: list[JsonValue] | JsonObject, event: Any) -> None:  # noqa: ANN401 - PyYAML is untyped
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.container, dict) and top.key is None:
            raise YamlError(f"a key is a collection, in {_at(event)}")
        if len(self._stack) >= _MAX_DEPTH:
            raise YamlError(f"nested deeper than {_MAX_DEPTH} levels, in {_at(event)}")
        self._count(1)
        if event.anchor:
            self._anchors.pop(event.anchor, None)
        self._stack.append(_OpenCollection(container, event.anchor, self._unfolded))

    def _close(self) -> JsonValue:
        frame = self._stack.pop()
        container = frame.container
        for merged in frame.merged:
            for source in merged if isinstance(merged, list) else [merged]:
                if isinstance(source, dict) and isinstance(container, dict):
                    for key, value in source.items():
                        container.setdefault(key, value)
        if frame.anchor:
            self._anchors[frame.anchor] = (container, self._unfolded - frame.started)
        return container

    def _scalar(self, event: Any) -> tuple[bool, JsonValue]:  # noqa: ANN401 - PyYAML is untyped
        """Resolve a scalar. A key is noted and not yet a value: then the first is False."""
        top = self._stack[-1] if self._stack else None
        if top is not None and top.key is None and isinstance(top.container, dict):
            self._key(top, event.value, plain=event.implicit[0] and not event.style)
            return False, None
        self._count(1)
        if event.implicit[0] and not event.tag:
            value = _plain(event.value)
        else:
            value = _tagged(event)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        return True, value

    def _key(self, frame: _OpenCollection, key: str, *, plain: bool) -> None:
        if key in frame.container and not (plain and key == "<<"):
            self._notes.append(YamlNote(f"the key {key!r} stands twice", (*self._path(), key), duplicate=True))
        frame.key = key

    def _alias(self, event: Any) -> tuple[bool, JsonValue]:  # noqa: ANN401 - PyYAML is untyped
        if event.anchor not in self._anchors:
            raise YamlError(f"the alias *{event.anchor} stands inside or before its anchor, in {_at(event)}")
        value, size = self._anchors[event.anchor]
        self._count(size)
        top = self._stack[-1] if self._stack else None
        if top is not None and top.key is None and isinstance(top.container, dict):
            self._key(top, str(value), plain=False)
            return False, None
        return True, value

    def _attach(self, value: JsonValue) -> None:
        frame = self._stack[-1]
        if isinstance(frame.container, list):
            frame.container.append(value)
        elif frame.key is not None:
            if frame.key == "<<" and isinstance(value, dict | list):
                frame.merged.append(value)
            else:
                frame.container[frame.key] = value
            frame.key = None

    def _count(self, size: int) -> None:
        self._unfolded += size
        if self._unfolded > _MAX_UNFOLDED:
            raise YamlError(f"its aliases unfold to more than {_MAX_UNFOLDED:,} values")

    def _path(self) -> Pointer:
        return tuple(step for frame in self._stack[:-1] if (step := frame.step) is not None)


def _plain(text: str) -> JsonValue:
    """Resolve a plain scalar by the core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMERIC_START:
        return _number(text)
    return text


def _number(text: str) -> JsonValue:
    try:
        if _INT.match(text):
            return int(text)
        if _OCTAL.match(text):
            return int(text, 0)
        if _HEX.match(text):
            return int(text, 0)
    except ValueError:  # more digits than Python reads
        return text
    if _FLOAT.match(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            return text
        return number
    return text


def _tagged(event: Any) -> JsonValue:  # noqa: ANN401 - PyYAML is untyped
    """Resolve a quoted, block or tagged scalar; a tag that JSON has no word for leaves the text."""
    text: str = event.value
    tag: str = (event.tag or "").removeprefix(_CORE_TAGS)
    if tag in {"int", "float"}:
        if text:
            return _number(text)
        return text
    if tag in {"bool", "null"}:
        return _WORDS.get(text, text)
    if not event.tag and event.implicit[0] and not event.style:
        return _plain(text)
    return text


def _at(event: Any) -> str:  # noqa: ANN401 - PyYAML is untyped
    return f"line {event.start_mark.line + 1}, column {event.start_mark.column + 1}"


def _sentence(error: yaml.MarkedYAMLError, text: str) -> str:
    """
    Describe a parser's error with its place.

    Of depth in our own words, since parsers have limits and words of their own.
    """
    mark = error.problem_mark or error.context_mark
    if mark is not None:
        where = f" in line {mark.line + 1}, column {mark.column + 1}"
    else:
        where = ""
    if mark is not None and _count_open_brackets(text[: mark.index]) > _MAX_DEPTH:
        return f"nested deeper than {_MAX_DEPTH} levels,{where}"
    return f"{error.problem or error.context or 'no YAML'}{where}"


def _count_open_brackets(text: str) -> int:
    """
    Count the brackets that a text leaves open.

    Those in quotes count as well, so this only chooses words of an error.
    """
    return sum(map(text.count, "[{")) - sum(map(text.count, "]}"))


# Writes texts that YAML 1.2 would take for numbers in quotes, as PyYAML does for those of YAML 1.1.
_Dumper: Any = type("_Dumper", (getattr(yaml, "CSafeDumper", yaml.SafeDumper),), {})


def _represent_text(dumper: Any, text: str) -> Any:  # noqa: ANN401 - PyYAML is untyped
    return dumper.represent_scalar(f"{_CORE_TAGS}str", text, style=None if isinstance(_plain(text), str) else "'")


_Dumper.add_representer(str, _represent_text)


def encode_yaml(value: JsonValue) -> str:
    """Write JSON data as YAML that all readers read alike: texts that look like another type are quoted."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text
