r"""
Foreign text made fit for a terminal, a log or a job's console.

What a terminal obeys instead of showing is written out: control characters (C0, C1, so every escape sequence, title
and link), marks that turn the direction of text, separators of lines and invisible characters. `\x1b[31m` is what one
sees then. Lines that a runner of jobs takes for commands (`::error::`, `##[group]`) are moved away from the beginning
of their line.

Source: ECMA-48; Unicode UAX #9 and UTR #36; https://docs.github.com/en/actions , workflow commands
"""

import re
from typing import Final

# C0, DEL and C1; soft hyphen, marks of direction, zero width (but for the joiners of scripts and emoji), separators,
# tags, halves.
_UNSEEN: Final = (
    "\\x00-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\ud800-\\udfff"
    "\\U000e0000-\\U000e007f"
)
_CONTROLS: Final = re.compile(f"[{_UNSEEN}]")
_COMMAND: Final = re.compile(r"^(?=[ \t]*(?:::|##\[))", re.MULTILINE)


def printable(text: str) -> str:
    """Escape control characters, line ends included: the result is one line."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub(_escape, text)


def printable_lines(text: str) -> str:
    """Escape control characters line by line, and commands that a CI runner would obey."""
    return _COMMAND.sub("· ", "\n".join(printable(line) for line in text.split("\n")))


def printable_json(text: str) -> str:
    """Escape control characters in JSON text, where they occur in strings only."""
    if text.isascii() and "\x7f" not in text:
        return text
    return _CONTROLS.sub(_escape_json, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    short = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    if short is not None:
        return short
    if code < 0x100:  # noqa: PLR2004 - two digits
        return f"\\x{code:02x}"
    if code < 0x10000:  # noqa: PLR2004 - four digits
        return f"\\u{code:04x}"
    return f"\\U{code:08x}"


def _escape_json(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:  # noqa: PLR2004 - white space between tokens: JSON escapes these in strings itself
        return found.group()
    units = found.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
