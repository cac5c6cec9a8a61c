"""Redirects within the operation that was asked, and Location fields within the origin."""

from typing import Final
from urllib.parse import urljoin, urlsplit

from mock_server.contract.api import OperationUnderTest
from mock_server.exchange.message import Request, Response, find_field
from mock_server.exchange.router import Matched

_REDIRECTS: Final = frozenset((301, 302, 307, 308))


def follow_location(request: Request, response: Response | None, origin: str) -> Request | None:
    """
    Make the request for what a Location field names. RFC 9110, section 10.2.2.

    Args:
        request: That was sent; its header fields are kept, but for those of its body.
        response: Its answer.
        origin: Of the API.

    Returns:
        A GET; None where there is no Location, or it leads out of the origin.
    """
    location = find_field(response.fields, b"location") if response is not None else None
    if location is None:
        return None
    target = urlsplit(urljoin(origin + request.path.decode("latin-1"), location))
    if f"{target.scheme}://{target.netloc}" != origin:
        return None
    fields = tuple(field for field in request.fields if not field[0].startswith(b"content-"))
    path, query = (target.path or "/").encode("latin-1", "replace"), target.query.encode("latin-1", "replace")
    return Request("GET", path, query, fields, b"")


def follow_redirect(
    subject: OperationUnderTest, request: Request, response: Response | None, origin: str
) -> Request | None:
    """
    Make the request that a redirect asks for.

    Args:
        subject: The operation that was asked.
        request: That was sent.
        response: Its answer.
        origin: Of the API.

    Returns:
        The request; None where the answer is no redirect, a documented one, or leads to another template than that of
        the operation: a login page is no answer of it.
    """
    if response is None or response.status not in _REDIRECTS or request.method not in {"GET", "HEAD"}:
        return None
    if subject.operation.find_response(response.status) is not None:
        return None
    following = follow_location(request, response, origin)
    if following is None or not _is_same_template(subject, following.path.decode("latin-1")):
        return None
    return following._replace(method=request.method)


def _is_same_template(subject: OperationUnderTest, path: str) -> bool:
    """Return whether a path within the base path is one of the operation, with a slash at its end or without."""
    api, entry = subject.api, subject.entry
    if not path.startswith(api.base_path):
        return False
    below = path.removeprefix(api.base_path)
    tries = (api.router.match(entry.method, each) for each in (below, below.rstrip("/"), below + "/"))
    return any(isinstance(found, Matched) and found.route.template == entry.template for found in tries)
