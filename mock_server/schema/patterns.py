r"""
Patterns as documents write them, for an engine that is stricter.

ECMA-262 lets a pattern without the flag `u` hold much that an engine may refuse: `[\w-\.]`, `\_`, a lone `{`. Annex B
says what it means, and it is written so that it means the same to both. What other engines have and documents use is
written as ECMA-262 has it, too: `\Z`, `\h`, `\A`.

Source: ECMA-262, annex B.1.2, "Regular Expressions Patterns"
"""

import re
from collections.abc import Iterator
from typing import Final

# "/^abc$/i": a literal of JavaScript. As a pattern it finds nothing, since no line begins or ends next to its slashes.
_LITERAL: Final = re.compile(r"/(\^.*|.*(?<!\\)\$)/([dgimsuvy]*)", re.DOTALL)
# An upper bound that no engine can count to is none.
_ENDLESS: Final = re.compile(r"\{(\d+),\d{4,}\}")
_QUANTIFIER: Final = re.compile(r"\{\d+(?:,\d*)?\}")
_SET: Final = re.compile(r"\\[dDwWsS]|\\[pP]\{[^}]*\}")
_ESCAPE: Final = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9A-Fa-f]{2})\\u(?P<low>[dD][c-fC-F][0-9A-Fa-f]{2})|(?P<set>[dDwWsS])|(?P<property>[pP]\{[^}]*\})|c(?P<control>[A-Za-z])|x(?P<byte>[0-9A-Fa-f]{2})|u(?P<unit>[0-9A-Fa-f]{4})"
    r"|u\{(?P<point>[0-9A-Fa-f]{1,6})\}|(?P<octal>[0-3][0-7]{0,2}|[4-7][0-7]?)|k<(?P<name>\w+)>|(?P<other>[\s\S]))"
)
# An opening of a capturing group, with its name.
_GROUP: Final = re.compile(r"(?<!\\)\((?!\?)|(?<!\\)\(\?P?<(?![=!])(\w+)>")
_FOREIGN: Final = {"h": r"[\t ]", "Z": r"$", "z": r"$", "A": "^"}
_CONTROLS: Final = frozenset("nrtvf")
_SPECIAL: Final = frozenset("^$\\.*+?()[]{}|/-&~#")


def read_literal(pattern: str) -> str | None:
    """Return the pattern of a JavaScript literal, its flag `i` kept, or None."""
    literal = _LITERAL.fullmatch(pattern)
    if literal is None:
        return None
    if "i" in literal[2]:
        return f"(?i:{literal[1]})"
    return literal[1]


def iter_readings(pattern: str) -> Iterator[str]:
    """Yield a pattern as it is written, then as an engine may have it that knows no annex B."""
    yield pattern
    bounded = _ENDLESS.sub(r"{\1,}", pattern)
    if bounded != pattern:
        yield bounded
    yield _rewritten(bounded)


def _rewritten(pattern: str) -> str:
    groups = [found[1] for found in _GROUP.finditer(pattern)]
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            text, at = _escape(pattern, at, groups)
        elif char == "[":
            text, at = _class(pattern, at)
        elif char == "{" and not _QUANTIFIER.match(pattern, at):
            text, at = r"\{", at + 1
        elif char in "}]" and not (char == "}" and _ends_quantifier(pattern, at)):
            text, at = "\\" + char, at + 1
        else:
            text, at = char, at + 1
        out.append(text)
    return "".join(out)


def _ends_quantifier(pattern: str, at: int) -> bool:
    start = pattern.rfind("{", 0, at)
    found = _QUANTIFIER.match(pattern, start) if start >= 0 else None
    return found is not None and found.end() == at + 1


def _escape(pattern: str, at: int, groups: list[str | None]) -> tuple[str, int]:
    """Return an escape outside of a class, and its end."""
    found = _ESCAPE.match(pattern, at)
    if found is None:
        return r"\\", at + 1
    digits = re.match(r"[1-9]\d*", pattern[at + 1 :])
    if digits is not None and int(digits[0]) <= len(groups):
        return found.string[at : at + 1 + digits.end()], at + 1 + digits.end()
    if found["name"] in groups and found["name"] is not None:
        return f"\\{groups.index(found['name']) + 1}", found.end()
    if found["name"] is not None:
        return "k", at + 2
    other = found["other"]
    if other is not None and other in "bB":
        return found[0], found.end()
    if other is not None and other in _FOREIGN:
        return _FOREIGN[other], found.end()
    return _character(found, at)


def _character(found: re.Match[str], at: int) -> tuple[str, int]:
    """Return an escape of a character or a set, and its end."""
    if found["set"] is not None or found["property"] is not None:
        return found[0], found.end()
    if found["high"] is not None:
        code = 0x10000 + (int(found["high"], 16) - 0xD800 << 10) + int(found["low"], 16) - 0xDC00
        return f"\\x{{{code:x}}}", found.end()
    for name in ("byte", "unit", "point"):
        if found[name] is not None:
            return f"\\x{{{found[name]}}}", found.end()
    if found["control"] is not None:
        return f"\\x{{{ord(found['control']) % 32:x}}}", found.end()
    if found["octal"] is not None:
        return f"\\x{{{int(found['octal'], 8):x}}}", found.end()
    other = found["other"] or "k"
    if other == "c":  # `\c` before no letter is a backslash, and the letter
        return r"\\", at + 1
    if other in _CONTROLS or other in _SPECIAL:
        return "\\" + other, found.end()
    return other, found.end()  # a character that means itself


def _class(pattern: str, at: int) -> tuple[str, int]:
    """Return a class of characters, and its end; a hyphen next to a set is literal."""
    end = at + 1
    negated = pattern.startswith("^", end)
    end += negated
    parts: list[str] = []
    while end < len(pattern) and pattern[end] != "]":
        text, end = _class_atom(pattern, end)
        parts.append(text)
    if end >= len(pattern):
        return pattern[at:], end  # it is not closed, so it is no pattern
    if not parts:
        return r"[\s\S]" if negated else r"[^\s\S]", end + 1
    for index in range(1, len(parts) - 1):
        if parts[index] == "-" and (_SET.fullmatch(parts[index - 1]) or _SET.fullmatch(parts[index + 1])):
            parts[index] = r"\-"
    return f"[{'^' if negated else ''}{''.join(parts)}]", end + 1


def _class_atom(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at]
    if char != "\\":
        return ("\\" + char if char in "[&~" else char), at + 1
    found = _ESCAPE.match(pattern, at)
    if found is None:
        return r"\\", at + 1
    if found["other"] == "b":
        return r"\x{8}", found.end()
    if found["other"] == "h":
        return r"\t ", found.end()
    return _character(found, at)
