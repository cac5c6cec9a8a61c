"""
Bodies of several media types, read as far as it takes to find secrets in them.

What is not secret stays byte for byte.
"""

import csv
import html
import io
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from mock_server.exchange.secrets.names import Secrecy, hides, judge_name

_MASKED: Final = "'[masked]'"  # as YAML writes the text: without quotes it would be a list
_TAG: Final = re.compile(
    r"<!\[CDATA\[(?P<data>[\s\S]*?)(?P<close>\]\]>|\Z)|<!--(?P<comment>[\s\S]*?)(?P<shut>-->|\Z)"
    r"|<(?P<end>/?)(?P<name>[^\s<>/!?=\"']+)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)>|<[^<>]*>"
)
_TELLING_ATTRIBUTE: Final = re.compile(r"""\b(?:name|key|id|property|type)=["']([^"']+)""")
_VALUE_ATTRIBUTE: Final = re.compile(r"""(\b(?:value|content)=(["']))([^"']+)""")
_YAML_LINE: Final = re.compile(
    r"""(?P<lead>[ ]*(?:-[ ]+)*)(?P<quote>["']?)(?P<name>[^\s"'{}\[\],#&*!|>%@`:-][^"':]{0,200}?)(?P=quote)"""
    r"""[ ]*:(?P<rest>[ \t].*)?\Z"""
)
_BOUNDARY: Final = re.compile(r"""boundary=(?:"([^"]+)"|([^\s;,]+))""", re.IGNORECASE)
_PART_NAME: Final = re.compile(r"""[;\s]name=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))""", re.IGNORECASE)
_GAP: Final = re.compile(r"\r?\n\r?\n")
_BLOCK: Final = ("|", ">", "&", "!")  # what begins a value of several lines in YAML


class Covers(NamedTuple):
    """The functions by which a mask covers the pieces of a body."""

    text: Callable[[str], str]  # masks a text
    cover: Callable[[str], str]  # gives what takes the place of a secret
    loose: Callable[[str], str]  # masks a text of a syntax of its own
    hides: Callable[[str, str], bool]  # whether a name makes a secret of a value


def find_boundary(content_type: str) -> str:
    """Find the boundary in a Content-Type field; "" where there is none."""
    found = _BOUNDARY.search(content_type)
    if found:
        return found.group(1) or found.group(2)
    return ""


def mask_lines(text: str, covers: Covers) -> str:
    """Mask JSON lines, a JSON sequence or an event stream, line by line."""
    return "".join(_mask_line(line, covers) for line in text.splitlines(keepends=True))


def _mask_line(line: str, covers: Covers) -> str:
    bare = line.rstrip("\r\n")
    is_json = bare.lstrip("\x1e \t").startswith(("{", "[", '"'))
    name, colon, rest = ("", "", bare) if is_json else bare.partition(":")
    content = rest.lstrip("\x1e \t")
    lead = rest[: len(rest) - len(content)]
    return f"{name}{colon}{lead}{covers.text(content)}{line[len(bare) :]}"


def mask_parts(text: str, boundary: str, covers: Covers, by_kind: Callable[[str, str], str]) -> str:
    """
    Mask the parts of a multipart body, each by its name and media type. RFC 7578; RFC 2046, section 5.1.

    Args:
        text: The body.
        boundary: Between its parts.
        covers: What is done with the pieces.
        by_kind: Masks a content, named by a Content-Type field first.
    """
    pieces = re.split(rf"(--{re.escape(boundary)}(?:--)?[ \t]*(?:\r\n|\n|\Z))", text)
    pieces[::2] = [_mask_part(piece, covers, by_kind) for piece in pieces[::2]]  # between them are the boundaries
    return "".join(pieces)


def _mask_part(piece: str, covers: Covers, by_kind: Callable[[str, str], str]) -> str:
    found = _GAP.search(piece)
    if found is None:
        return covers.text(piece)
    head, rest = piece[: found.start()], piece[found.end() :]
    content = rest.rstrip("\r\n")
    lines = (line.partition(":") for line in head.splitlines())
    fields = {name.strip().lower(): value.strip() for name, _, value in lines}
    match = _PART_NAME.search(fields.get("content-disposition", ""))
    name = (match.group(1) or match.group(2) or "") if match else ""
    if content and name and covers.hides(name, content):
        shown = covers.cover(content)
    else:
        shown = by_kind(fields.get("content-type", "text/plain"), content)
    lines_shown = "".join(_mask_field(line, covers) for line in head.splitlines(keepends=True))
    return f"{lines_shown}{found.group()}{shown}{rest[len(content) :]}"


def _mask_field(line: str, covers: Covers) -> str:
    if line.lower().startswith("content-type"):
        return line
    return covers.text(line)


def mask_markup(text: str, covers: Covers) -> str:
    """Mask XML and HTML: what is inside an element that is called so, attributes, and texts."""
    out: list[str] = []
    inside: list[str] = []  # the elements from a secret one on
    at = 0
    for tag in _TAG.finditer(text):
        out.append(_mask_characters(text[at : tag.start()], covers, is_secret=bool(inside)))
        at = tag.end()
        if tag.group("data") is not None:
            data = tag.group("data")
            out.append(
                f"<![CDATA[{covers.cover(data) if inside and data.strip() else covers.text(data)}{tag.group('close')}"
            )
        elif tag.group("comment") is not None:
            out.append(f"<!--{covers.loose(tag.group('comment'))}{tag.group('shut')}")
        else:
            out.append(_mask_tag(tag, covers, is_secret=bool(inside)))
            _follow(tag, inside)
    out.append(_mask_characters(text[at:], covers, is_secret=bool(inside)))
    return "".join(out)


def _follow(tag: re.Match[str], inside: list[str]) -> None:
    """Keep account of the elements that are open, from a secret one on."""
    name = tag.group("name")
    if not name:
        return
    if tag.group("end"):
        if name in inside:
            del inside[len(inside) - 1 - inside[::-1].index(name) :]
    elif not tag.group("rest").endswith("/") and (inside or judge_name(name.rpartition(":")[2]) is Secrecy.SECRET):
        inside.append(name)


def _mask_tag(tag: re.Match[str], covers: Covers, *, is_secret: bool) -> str:
    """Mask a tag: attributes that are called so, and of `<input name="password" value="…">` the value."""
    text = tag.group()
    if not tag.group("name") or not tag.group("rest"):
        return text
    named = _TELLING_ATTRIBUTE.search(text)
    if is_secret or (named is not None and judge_name(named.group(1)) is Secrecy.SECRET):
        text = _VALUE_ATTRIBUTE.sub(lambda found: found.group(1) + covers.cover(found.group(3)), text)
    return f"<{covers.loose(text[1:-1])}>"


def _mask_characters(text: str, covers: Covers, *, is_secret: bool) -> str:
    bare = text.strip()
    if not bare:
        return text
    plain = html.unescape(bare)
    shown = covers.cover(plain) if is_secret else covers.text(plain)
    if shown == plain:
        return text
    return text.replace(bare, html.escape(shown, quote=False))


def mask_yaml(text: str, covers: Covers) -> str:
    """Mask YAML line by line: what is deeper than a name that says so belongs to its value."""
    out: list[str] = []
    covered: int | None = None  # the column of the name whose value the lines at hand belong to
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        content = bare.lstrip(" ")
        column = len(bare) - len(content)
        if covered is not None and (
            not content or column > covered or (column == covered and content.startswith("- "))
        ):
            covers.cover(content.removeprefix("- ").rpartition(": ")[2].strip("\"'"))
            continue
        covered = None
        match = _YAML_LINE.match(bare)
        rest = (match.group("rest") or "").strip() if match else ""
        if match is None or not _hides_line(match.group("name"), rest):
            out.append(covers.loose(bare) + line[len(bare) :])
            continue
        if rest and not rest.startswith(_BLOCK):
            covers.cover(rest.strip("\"'"))
        covered = len(match.group("lead"))
        out.append(f"{bare[: match.end('name')]}{match.group('quote')}: {_MASKED}{line[len(bare) :]}")
    return "".join(out)


def _hides_line(name: str, rest: str) -> bool:
    """Check whether a name makes a secret of the value after it, or of what follows in the next lines."""
    if rest and not rest.startswith(_BLOCK):
        return hides(name, rest.partition(" #")[0].strip("\"'"))
    return judge_name(name) is Secrecy.SECRET


def mask_table(text: str, delimiter: str, covers: Covers) -> str:
    """Mask the columns of a table that have secret names in its first line. RFC 4180."""
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        return covers.text(text)
    secret = (
        {index for index, name in enumerate(rows[0]) if judge_name(name.strip()) is Secrecy.SECRET} if rows else set()
    )
    shown = [
        [_mask_cell(cell, covers, is_secret=number > 0 and index in secret) for index, cell in enumerate(row)]
        for number, row in enumerate(rows)
    ]
    if shown == rows:
        return text
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(shown)
    return out.getvalue()


def _mask_cell(cell: str, covers: Covers, *, is_secret: bool) -> str:
    if is_secret and cell:
        return covers.cover(cell)
    return covers.text(cell)
