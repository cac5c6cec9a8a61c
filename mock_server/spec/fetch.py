"""Reading a document over HTTP: the only place of this layer that touches a network."""

from typing import TYPE_CHECKING

from mock_server.errors import UnreadableResource
from mock_server.later import Later

if TYPE_CHECKING:
    import httpx
else:
    httpx = Later("httpx")

_SECONDS = 30.0  # for each step but connecting
_SECONDS_TO_CONNECT = 10.0
_MAX_REDIRECTS = 5


def fetch(url: str, max_bytes: int) -> bytes:
    """
    GET a URL; proxies and certificates come from the environment as httpx reads it.

    Args:
        url: An http or https URL.
        max_bytes: How much may come back.

    Raises:
        UnreadableResource: no answer, no success, or too much of it.
    """
    body = bytearray()
    timeout = httpx.Timeout(_SECONDS, connect=_SECONDS_TO_CONNECT)
    try:
        with (
            httpx.Client(follow_redirects=True, max_redirects=_MAX_REDIRECTS, timeout=timeout) as client,
            client.stream("GET", url, headers={"Accept": "application/json, application/yaml, */*"}) as response,
        ):
            if not response.is_success:
                raise UnreadableResource(url, f"answered {response.status_code} {response.reason_phrase}")
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise UnreadableResource(url, f"is larger than {max_bytes:,} bytes")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnreadableResource(url, str(error) or type(error).__name__) from error
    return bytes(body)
