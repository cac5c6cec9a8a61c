"""A request, read, with what its answer goes by."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from mock_server.document.model import ParameterLocation
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.prefer import Preferences
from mock_server.judges.request import DecodedRequest
from mock_server.respond.journal import Journal
from mock_server.respond.worlds import World

NOBODY = World(journal=Journal(0))  # for requests that belong to no world


class RequestContext(NamedTuple):
    """A request, read, with what it goes by: preferences, seed, world."""

    request: Request
    understood: DecodedRequest
    preferences: Preferences
    accept: str | None
    derive: Callable[[], int]  # the seed of what is made; it depends on the whole request
    seed_text: str
    sources: tuple[str, ...]
    profile: str | None = None  # preferred, or of the whole server
    world: World = NOBODY
    variables: Mapping[str, str] = {}  # of the path, percent-encoded
    explains: bool = False  # whether the answer is not sent: nothing but the world, a copy, may change

    @property
    def seed(self) -> int:
        """The seed of what is made for this request."""
        return self.derive()


def asks_for_stream(understood: DecodedRequest) -> bool:
    """
    Return whether a request asks for a stream.

    By `stream: true` in its body or its query, as the APIs of language models have it.
    """
    body = understood.body
    in_body = isinstance(body, dict) and body.get("stream") is True
    return in_body or understood.parameters.get((ParameterLocation.QUERY, "stream")) is True


def accept_of(request: Request) -> str | None:
    """Return the Accept field of a request."""
    return find_field(request.fields, b"accept")
