"""Telling of pages of what is kept in the body around a list."""

from collections.abc import Callable, Mapping

from mock_server.generate.pagination import Span, iter_span_wishes
from mock_server.generate.settling import settle
from mock_server.typing import JsonObject, JsonValue


def tell_in_body(
    body: JsonValue,
    pointer: tuple[str, ...],
    span: Span,
    links: Mapping[str, str],
    fits: Callable[[JsonValue], bool],
    documented: Mapping[tuple[str, ...], JsonObject],
) -> JsonValue:
    """
    Say in the body around a list what it shows.

    Args:
        body: With the list in it.
        pointer: To the list.
        span: What it shows.
        links: To other pages.
        fits: Judges a body.
        documented: By holder: members that may stand there, each with a value of its type.
    """
    if not pointer:
        return body
    return settle(body, list(iter_span_wishes(body, pointer, span, links, documented=documented)), fits)
