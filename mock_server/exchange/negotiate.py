"""
Why this status: choosing among the documented responses.

Prism's order is kept where it is sound, for those who come from there. For a good request: the
preferred code, else the lowest 2xx, `2XX`, `default`, the lowest 3xx, whatever there is. For a bad one: the documented
401, 415 or 406; for a violation the documented 422 or 400, else `default`, else a problem of our own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mock_server.document.model import MISSING, DocumentedResponse, Example, MediaType, Operation
from mock_server.exchange.media_type import choose_media_type, choose_unwanted, is_streamed, parse_media_type

_EMPTY_STATUSES = frozenset((204, 205, 304))


@dataclass(frozen=True, slots=True)
class ChosenResponse:
    """A documented response, and the status to send it with."""

    status: int
    response: DocumentedResponse

    @property
    def is_empty(self) -> bool:
        """True if no content may be sent: by the status, or for lack of documented content."""
        return self.status in _EMPTY_STATUSES or self.status < 200 or not self.response.content  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class ChosenMediaType:
    """A documented media type, and the concrete one to send."""

    media_type: MediaType
    name: str
    is_acceptable: bool = True  # False: nothing documented is what the client accepts, and this is sent all the same


def choose_success(operation: Operation) -> ChosenResponse | None:
    """Choose the response to a good request; None where nothing is documented."""
    keys = {response.status: response for response in operation.responses}
    exact = sorted(int(key) for key in keys if key.isdigit() and len(key) == 3)  # noqa: PLR2004
    lowest = next((code for code in exact if 200 <= code < 300), None)  # noqa: PLR2004
    if lowest is not None:
        return ChosenResponse(lowest, keys[str(lowest)])
    for key, status in (("2XX", 200), ("default", 200)):
        if key in keys:
            return ChosenResponse(status, keys[key])
    moved = next((code for code in exact if 300 <= code < 400), None)  # noqa: PLR2004
    if moved is not None:
        return ChosenResponse(moved, keys[str(moved)])
    for key in ("3XX", "1XX"):
        if key in keys:
            return ChosenResponse(302 if key == "3XX" else 100, keys[key])
    final = [code for code in exact if code >= 200]  # noqa: PLR2004 - 1xx answers nothing yet
    if final:
        return ChosenResponse(final[0], keys[str(final[0])])
    return next(
        (ChosenResponse(int(key[0]) * 100, response) for key, response in keys.items() if key[1:] == "XX"), None
    )


def choose_status(operation: Operation, status: int) -> ChosenResponse | None:
    """Choose the response that documents a status; None where none does."""
    response = operation.find_response(status)
    if response is not None:
        return ChosenResponse(status, response)
    return None


def choose_failure(operation: Operation, statuses: Sequence[int]) -> ChosenResponse | None:
    """
    Choose the response to a bad request.

    The first of some statuses that is documented, else `default` with the first.
    """
    keys = {response.status: response for response in operation.responses}
    for status in statuses:
        response = keys.get(str(status)) or keys.get(f"{status // 100}XX")
        if response is not None:
            return ChosenResponse(status, response)
    if "default" in keys:
        return ChosenResponse(statuses[0], keys["default"])
    return None


def represent(response: DocumentedResponse, accept: str | None, *, streamed: bool = False) -> ChosenMediaType | None:
    """
    Choose the media type of a response with content.

    Args:
        response: A documented response.
        accept: The Accept field; None where there is none.
        streamed: Whether the request asks for a stream, where one is documented among others.

    Returns:
        What to send, marked where it is not acceptable; None where everything documented is refused outright, by `q=0`.
    """
    if streamed and has_choice_of_stream(response):
        streams = [content for content in response.content if is_streamed(parse_media_type(content.name))]
        names = [content.name for content in streams]
        found = choose_media_type(names, accept) or choose_unwanted(names, accept)
        if found is not None:
            return ChosenMediaType(streams[found[0]], found[1])
    names = [content.name for content in response.content]
    found = choose_media_type(names, accept)
    if found is not None:
        return ChosenMediaType(response.content[found[0]], found[1])
    unwanted = choose_unwanted(names, accept)
    if unwanted is not None:
        return ChosenMediaType(response.content[unwanted[0]], unwanted[1], is_acceptable=False)
    return None


def has_choice_of_stream(response: DocumentedResponse) -> bool:
    """Return True if a response may be streamed or sent whole."""
    kinds = {is_streamed(parse_media_type(content.name)) for content in response.content}
    return len(kinds) > 1


def find_example(media_type: MediaType, key: str) -> Example | None:
    """Find an example by its key."""
    return next(
        (example for example in media_type.examples if example.key == key and example.value is not MISSING), None
    )


def paired_keys(operation: Operation) -> frozenset[str]:
    """
    Return the keys of examples that belong to certain requests.

    Microcks' rule: an example of a parameter or of the request body and one of the response under the same key are a
    pair; the response answers only requests that carry the other.
    """
    parameters = (example.key for parameter in operation.parameters for example in parameter.examples)
    body = operation.request_body
    bodies = (example.key for content in body.content for example in content.examples) if body is not None else ()
    return frozenset(key for key in (*parameters, *bodies) if key is not None)
