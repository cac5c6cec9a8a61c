"""Reading a document over HTTP: the only place of this layer that touches a network."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_server.errors import UnreadableResource
from mock_server.lazy import LazyModule

if TYPE_CHECKING:
    import httpx2
else:
    httpx2 = LazyModule("httpx2")

_SECONDS = 30.0  # for each step but connecting
_SECONDS_TO_CONNECT = 10.0
_MAX_REDIRECTS = 5


def is_allowed(url: str, hosts: frozenset[str]) -> bool:
    """
    Return True if a URL may be read, as the client that asks will read it.

    Args:
        url: With http or https.
        hosts: As `host`, which allows all of its ports, or `host:port`; of an IPv6 address with or without brackets.
    """
    try:
        asked = httpx2.URL(url)
    except httpx2.InvalidURL:
        return False
    wanted = {_normal(host) for host in hosts}
    port = asked.port or (443 if asked.scheme == "https" else 80)
    name = _normal(asked.host)
    return asked.scheme in {"http", "https"} and bool(name) and bool({name, f"{name}:{port}"} & wanted)


def host_of(url: str) -> str:
    """Return host and port of a URL, as `--allow-remote` takes them, or ""."""
    try:
        asked = httpx2.URL(url)
    except httpx2.InvalidURL:
        return ""
    if asked.port is not None:
        return f"{asked.host}:{asked.port}"
    return asked.host


def _normal(host: str) -> str:
    """Write a host one way: in lower case, without brackets or a dot at the end."""
    return host.lower().replace("[", "").replace("]", "").rstrip(".")


def fetch(url: str, max_bytes: int, may_follow: Callable[[str], bool]) -> bytes:
    """
    GET a URL; proxies and certificates come from the environment as httpx2 reads it.

    Args:
        url: An http or https URL that may be read.
        max_bytes: How much may come back.
        may_follow: Whether a URL that an answer redirects to may be read.

    Raises:
        UnreadableResource: no answer, no success, too much of it, or a redirect elsewhere.
    """
    reading = _Retrieval(url, max_bytes)
    try:
        with httpx2.Client(timeout=httpx2.Timeout(_SECONDS, connect=_SECONDS_TO_CONNECT)) as client:
            asked = httpx2.URL(url)
            for _ in range(_MAX_REDIRECTS + 1):
                answered = reading.ask(client, asked)
                if isinstance(answered, bytes):
                    return answered
                following = asked.join(answered)
                if not may_follow(str(following)):
                    advice = f"Name that URL, or allow its host: --allow-remote {host_of(str(following))}"
                    raise UnreadableResource(url, f"redirects to {following}", advice)
                if (asked.scheme, following.scheme) == ("https", "http"):
                    raise UnreadableResource(
                        url, f"redirects from https to {following}", "Name that URL if it is meant."
                    )
                asked = following
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        advice = "Is the address right, and does something answer there?"
        raise UnreadableResource(url, str(error) or type(error).__name__, advice) from error
    raise UnreadableResource(url, f"redirects more than {_MAX_REDIRECTS} times")


@dataclass(eq=False)
class _Retrieval:
    """One document, over all redirects."""

    url: str
    max_bytes: int
    _peer: str = ""  # the address of the host that was asked first
    _dialled: str = ""  # the host that is connected to: that of the URL, or a proxy

    def ask(self, client: "httpx2.Client", asked: "httpx2.URL") -> bytes | str:
        """Send one request; return the content, or the target of a redirect."""

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event.endswith("connect_tcp.started"):
                self._dialled = str(info["host"])
            elif event.endswith("connect_tcp.complete") and self._dialled == asked.host:
                self._check_peer(str(info["return_value"].get_extra_info("server_addr")[0]))

        headers = {"Accept": "application/json, application/yaml, */*"}
        body = bytearray()
        with client.stream(
            "GET", asked, headers=headers, extensions={"trace": trace}, follow_redirects=False
        ) as response:
            if response.has_redirect_location:
                return str(response.headers["location"])
            if not response.is_success:
                raise UnreadableResource(self.url, f"answered {response.status_code} {response.reason_phrase}")
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self.max_bytes:
                    raise UnreadableResource(self.url, f"is larger than {self.max_bytes:,} bytes")
        return bytes(body)

    def _check_peer(self, address: str) -> None:
        """Refuse a name that resolved to a public address and now resolves to this machine or network."""
        self._peer = self._peer or address
        if leads_inward(self._peer, address):
            raise UnreadableResource(self.url, f"redirects from {self._peer} to {address}, which is no public address")


def leads_inward(first: str, then: str) -> bool:
    """Return True if one address is public, and the one that follows it is not."""
    return ipaddress.ip_address(first).is_global and not ipaddress.ip_address(then).is_global
