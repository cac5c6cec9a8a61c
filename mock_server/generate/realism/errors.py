"""
Bodies of errors: the status, and words that fit it.

- In problem details, `status` is the status; `title` and `type` fit it.
- Elsewhere a property named for the status has it, as a number or a text.
- Of an enumeration of kinds or codes of errors, the one that is meant by the status.

Source: RFC 9457, sections 3.1 and 4.2.1 ("about:blank")
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from mock_server.generate.requested_values import Place, RequestedValue
from mock_server.json_values import JsonValue, as_object
from mock_server.names import joined, split_words
from mock_server.schema.sites import Site

FIRST: Final = 400  # of the statuses that are errors
_STATUSES: Final = frozenset(("status", "statuscode", "httpstatus", "httpstatuscode", "httpcode", "errorstatus"))
_KINDS: Final = frozenset(
    ("type", "code", "error", "reason", "kind", "errorcode", "errortype", "name", "category", "title", "status")
)
_TITLES: Final = frozenset(("title", "statustext", "statusmessage", "error"))
_DEEPEST: Final = 3
# RFC 9110 renamed some; Python's own table follows it from 3.13 on.
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
# Words by which an enumeration names what a status means, the best first.
_MEANT: Final[dict[int, tuple[str, ...]]] = {
    400: (
        "invalid request",
        "bad request",
        "invalid",
        "validation",
        "malformed",
        "parameter",
        "argument",
        "request",
        "client",
    ),
    401: ("unauthorized", "unauthenticated", "authentication", "auth", "token", "credentials", "key"),
    402: ("payment", "card", "balance", "quota"),
    403: ("forbidden", "permission", "denied", "access", "authorization", "insufficient", "unauthorized"),
    404: ("not found", "notfound", "missing", "no such", "unknown", "invalid request", "invalid"),
    405: ("method", "not allowed", "unsupported", "invalid"),
    406: ("acceptable", "unsupported", "invalid"),
    408: ("timeout", "timed out"),
    409: ("conflict", "already exists", "exists", "duplicate", "concurrent", "invalid"),
    410: ("gone", "deleted", "expired", "not found"),
    412: ("precondition", "conflict", "invalid"),
    413: ("too large", "size", "limit", "invalid"),
    415: ("media type", "content type", "unsupported", "invalid"),
    422: ("unprocessable", "validation", "invalid", "parameter", "bad request"),
    429: ("rate limit", "too many", "throttl", "quota", "limit"),
    500: ("internal", "server error", "api error", "server", "unexpected", "unknown"),
    501: ("not implemented", "unsupported"),
    502: ("gateway", "upstream", "unavailable", "internal"),
    503: ("unavailable", "overloaded", "maintenance", "internal"),
    504: ("timeout", "gateway", "unavailable"),
}


def iter_failures(
    value: JsonValue, status: int, outline: Site, *, is_problem: bool = False
) -> Iterator[RequestedValue]:
    """
    Yield the values that an error body should have.

    Args:
        value: As it was generated.
        status: Of the answer, 400 or more.
        outline: Of its schema.
        is_problem: Whether it is of the media type of problem details.
    """
    phrase = find_phrase(status)
    if is_problem and isinstance(value, dict):
        specific = outline.member("type").annotation("examples")
        if "type" in value and not specific:
            yield RequestedValue(("type",), ["about:blank"])
        if "title" in value and phrase and not (specific and outline.member("title").annotation("examples")):
            yield RequestedValue(("title",), [phrase])
    yield from _iter_named(value, status, phrase, outline, ())


def find_phrase(status: int) -> str:
    """
    Look up the reason phrase of a status, the same with every version of Python.

    Empty for one that is not registered.
    """
    return _PHRASES.get(status, "")


def _iter_named(value: JsonValue, status: int, phrase: str, outline: Site, place: Place) -> Iterator[RequestedValue]:
    if len(place) > _DEEPEST:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _iter_named(item, status, phrase, outline.item(index), (*place, index))
        return
    for name, member in as_object(value).items():
        word, own = joined(name), outline.member(name)
        listed = _enumerated(own)
        if listed:
            chosen = None
            if word in _KINDS or split_words(name)[-1:] in (("code",), ("type",)):
                chosen = choose(listed, status)
            if chosen is not None:
                yield RequestedValue((*place, name), [chosen])
        elif isinstance(member, int) and not isinstance(member, bool) and (word in _STATUSES or _is_status(word, own)):
            yield RequestedValue((*place, name), [status])
        elif isinstance(member, str) and word in _STATUSES:
            yield RequestedValue((*place, name), _as_text(status, phrase, own))
        elif word in _TITLES and isinstance(member, str) and phrase and not own.annotation("examples"):
            yield RequestedValue((*place, name), [phrase])
        elif isinstance(member, dict | list):
            yield from _iter_named(member, status, phrase, own, (*place, name))


def choose(values: list[JsonValue], status: int) -> JsonValue | None:
    """Return the value of an enumeration that matches a status; None where none does."""
    if status in values or str(status) in values:
        if status in values:
            return status
        return str(status)
    spoken = {value: " ".join(split_words(value)) for value in values if isinstance(value, str)}
    for wanted in _MEANT.get(status, _MEANT[FIRST if status < 500 else 500]):  # noqa: PLR2004 - errors of the server
        found = next((value for value, words in spoken.items() if wanted in words), None)
        if found is not None:
            return found
    return None


def _enumerated(outline: Site) -> list[JsonValue]:
    return next(
        (
            list(values)
            for source in outline.sources
            if isinstance(values := source.get("enum"), list) and len(values) > 1
        ),
        [],
    )


def _is_status(word: str, outline: Site) -> bool:
    """Return True if a `code` is the HTTP status, by its description or its examples."""
    shown = outline.annotation("examples")
    description = str(outline.annotation("description") or "").lower()
    is_shown = isinstance(shown, list) and any(isinstance(each, int) and FIRST <= each < 600 for each in shown)  # noqa: PLR2004
    return word == "code" and (is_shown or "http" in description or "status" in description)


def _as_text(status: int, phrase: str, outline: Site) -> list[JsonValue]:
    """Return the status as a text: in digits, unless an example shows words."""
    shown = outline.annotation("examples")
    words = isinstance(shown, list) and any(isinstance(each, str) and not each.isdigit() for each in shown)
    if words and phrase:
        return [phrase, str(status)]
    return [str(status)]
