r"""
Regular expressions of ECMA-262 as trees.

What other engines add and documents use is read as well: `\A`, `\z`, `(?i)`, `(?P<name>…)`.

Source: ECMA-262, section "Patterns"
"""

from dataclasses import dataclass
from typing import TypeAlias

from mock_server.generate.text import charset
from mock_server.generate.text.charset import Ranges

_UNBOUNDED = 1 << 30
_MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Parts in a row."""

    parts: "tuple[Regex, ...]"


@dataclass(frozen=True, slots=True)
class Alternation:
    """One of several."""

    options: "tuple[Regex, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same again and again."""

    body: "Regex"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Anchor:
    """`^` or `$`."""

    start: bool


@dataclass(frozen=True, slots=True)
class Look:
    r"""A look-around, which consumes nothing; `\b` is one of unknown content."""

    body: "Regex"
    positive: bool
    ahead: bool


@dataclass(frozen=True, slots=True)
class BackReference:
    """The text of a group, repeated."""

    group: int | str


@dataclass(frozen=True, slots=True)
class CapturingGroup:
    """A capturing group."""

    body: "Regex"
    number: int
    name: str | None


Regex: TypeAlias = Chars | Concatenation | Alternation | Repeat | Anchor | Look | BackReference | CapturingGroup
EMPTY = Concatenation(())


class RegexError(ValueError):
    """The text is no regular expression, or one that this module can't read."""


def parse_regex(text: str) -> Regex:
    """
    Read a regular expression.

    Raises:
        RegexError: see there.
    """
    parser = _Parser(text)
    tree = parser.choice(0)
    if parser.at < len(text):
        raise RegexError(f"unexpected {text[parser.at]!r} at {parser.at}")
    return tree


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups = 0

    def choice(self, depth: int) -> Regex:
        if depth > _MAX_DEPTH:
            raise RegexError("nested too deeply")
        options = [self._sequence(depth)]
        while self._take("|"):
            options.append(self._sequence(depth))
        if len(options) == 1:
            return options[0]
        return Alternation(tuple(options))

    def _sequence(self, depth: int) -> Regex:
        parts: list[Regex] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts.append(self._quantified(self._atom(depth)))
        if len(parts) == 1:
            return parts[0]
        return Concatenation(tuple(parts))

    def _quantified(self, atom: Regex) -> Regex:
        while True:
            bounds = self._quantifier()
            if bounds is None:
                return atom
            if not self._take("?"):
                self._take("+")
            atom = Repeat(atom, *bounds)

    def _quantifier(self) -> tuple[int, int | None] | None:
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        char = self.text[self.at : self.at + 1]
        if char in simple and char:
            self.at += 1
            return simple[char]
        if char != "{":
            return None
        end = self.text.find("}", self.at)
        if end > 0:
            least, comma, most = self.text[self.at + 1 : end].partition(",")
        else:
            least, comma, most = ("", "", "")
        if not least.isdigit() or (most and not most.isdigit()):
            return None  # a literal brace
        self.at = end + 1
        low = min(int(least), _UNBOUNDED)
        if not comma:
            return low, low
        return low, int(most) if most else None

    def _atom(self, depth: int) -> Regex:
        char = self.text[self.at]
        self.at += 1
        if char == "(":
            return self._group(depth + 1)
        if char == "[":
            return Chars(self._class())
        if char == ".":
            return Chars(charset.complement(charset.LINE_END))
        if char in "^$":
            return Anchor(start=char == "^")
        if char == "\\":
            return self._escape()
        if char in "*+?":
            raise RegexError(f"nothing to repeat at {self.at - 1}")
        return Chars(((ord(char), ord(char)),))

    def _group(self, depth: int) -> Regex:
        if not self._take("?"):
            self.groups += 1
            return self._named(None, self.groups, depth)
        for opening, positive, ahead in (
            ("=", True, True),
            ("!", False, True),
            ("<=", True, False),
            ("<!", False, False),
        ):
            if self._take(opening):
                return Look(self._closed(depth), positive, ahead)
        if self._take(":") or self._take(">"):
            return self._closed(depth)
        if self._take("P<") or self._take("<") or self._take("'"):
            name = self._until(">'")
            self.groups += 1
            return self._named(name, self.groups, depth)
        if self._take("P="):
            return BackReference(self._until(")"))
        flags = self._until(":)")
        if not flags or set(flags) - set("imsuxU-"):
            raise RegexError(f"unknown group at {self.at}")
        if self.text[self.at - 1] == ")":
            return EMPTY
        return self._closed(depth)

    def _named(self, name: str | None, number: int, depth: int) -> Regex:
        return CapturingGroup(self._closed(depth), number, name)

    def _closed(self, depth: int) -> Regex:
        body = self.choice(depth)
        if not self._take(")"):
            raise RegexError("a group is not closed")
        return body

    def _until(self, ends: str) -> str:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in ends:
            self.at += 1
        if self.at >= len(self.text):
            raise RegexError("a group is not closed")
        self.at += 1
        return self.text[start : self.at - 1]

    def _take(self, word: str) -> bool:
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def _escape(self) -> Regex:
        char = self._next()
        if char in "bB":
            return Look(EMPTY, positive=char == "b", ahead=True)
        if char in "AG":
            return Anchor(start=True)
        if char in "zZ":
            return Anchor(start=False)
        if char in "123456789":
            digits = char
            while self.text[self.at : self.at + 1].isdigit():
                digits += self._next()
            return BackReference(int(digits))
        if char == "k" and self._take("<"):
            return BackReference(self._until(">"))
        return Chars(self._escaped_set(char))

    def _escaped_set(self, char: str) -> Ranges:
        """Return the set of an escape, inside or outside of a class."""
        sets = {"d": charset.DIGIT, "w": charset.WORD, "s": charset.SPACE, "h": ((9, 9), (32, 32))}
        if char.lower() in sets:
            found = sets[char.lower()]
            if char.islower():
                return found
            return charset.complement(found)
        if char in "pP":
            name = self._until("}") if self._take("{") else self._next()
            ranges = charset.unicode_property(name.removeprefix("^"))
            if ranges is None:
                raise RegexError(f"unknown property {name!r}")
            if (char == "P") != name.startswith("^"):
                return charset.complement(ranges)
            return ranges
        code = self._escaped_code(char)
        return ((code, code),)

    def _escaped_code(self, char: str) -> int:
        controls = {"n": 10, "r": 13, "t": 9, "v": 11, "f": 12, "0": 0, "a": 7, "e": 27}
        if char in controls:
            return controls[char]
        if char == "c":
            return ord(self._next()) % 32
        if char == "x":
            return self._hex(2)
        if char == "u":
            high = self._hex(4)
            if 0xD800 <= high <= 0xDBFF and self._take("\\u"):  # noqa: PLR2004 - a pair of surrogates
                return 0x10000 + ((high - 0xD800) << 10) + (self._hex(4) - 0xDC00)
            return high
        return ord(char)

    def _hex(self, size: int) -> int:
        if self._take("{"):
            digits = self._until("}")
        else:
            digits = "".join(self._next() for _ in range(size))
        try:
            return int(digits, 16)
        except ValueError as error:
            raise RegexError(f"no code point: {digits!r}") from error

    def _next(self) -> str:
        if self.at >= len(self.text):
            raise RegexError("it ends in the middle")
        self.at += 1
        return self.text[self.at - 1]

    def _class(self) -> Ranges:
        negated = self._take("^")
        found: Ranges = ()
        while not self._take("]"):
            found = charset.union(found, self._class_item())
        if negated:
            return charset.complement(found)
        return found

    def _class_item(self) -> Ranges:
        low = self._class_atom()
        if len(low) != 1 or low[0][0] != low[0][1]:
            return low
        if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] not in {"]", ""}:
            self.at += 1
            high = self._class_atom()
            if len(high) != 1 or high[0][0] != high[0][1]:
                return charset.union(low, ((0x2D, 0x2D),), high)
            if high[0][0] < low[0][0]:
                raise RegexError("a range runs backwards")
            return ((low[0][0], high[0][0]),)
        return low

    def _class_atom(self) -> Ranges:
        char = self._next()
        if char != "\\":
            return ((ord(char), ord(char)),)
        char = self._next()
        if char == "b":
            return ((8, 8),)
        return self._escaped_set(char)
