"""
Redirects of browsers: to URIs that a client registered, and without registration to this machine.

Source: RFC 9700, section 4.1.3; RFC 8252, sections 7.1 and 7.3
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlencode

from mock_server.issuer.people import Client
from mock_server.settings.issuer import LOOPBACK_HOSTS, split_uri

_LONGEST: Final = 2_000  # characters of a URI
_LOOPBACK_IPS: Final = frozenset(("127.0.0.1", "::1"))
_POLICY_HOST: Final = re.compile(r"[a-z0-9.-]+\Z")


def may_redirect(client: Client, uri: str) -> bool:
    """Check whether a client may have a browser led to a URI."""
    parts = split_uri(uri) if len(uri) <= _LONGEST else None
    if parts is None:
        return False
    if client.settings is None:
        return parts.scheme in {"http", "https"} and parts.hostname in LOOPBACK_HOSTS
    return any(uri == known or _differs_by_port(parts, known) for known in client.settings.redirect_uris)


def _differs_by_port(parts: SplitResult, known: str) -> bool:
    """Check whether a URI is a registered one of a loopback address, at any port."""
    other = split_uri(known)
    return (
        other is not None
        and other.hostname in _LOOPBACK_IPS
        and (parts.scheme, parts.hostname, parts.path, parts.query)
        == (other.scheme, other.hostname, other.path, other.query)
    )


def add_parameters(uri: str, parameters: Mapping[str, str], *, in_fragment: bool = False) -> str:
    """Add parameters to a redirect URI, in its query or as its fragment. RFC 6749, sections 4.1.2 and 4.2.2."""
    written = urlencode(parameters)
    if not written:
        return uri
    if in_fragment:
        return f"{uri}#{written}"
    return f"{uri}{'&' if '?' in uri else '?'}{written}"


def policy_source(uri: str) -> str:
    """
    Write the source of a content security policy that lets a form lead to a URI; "" where it can't be written.

    Browsers compare the redirect after a form with `form-action` as well.
    """
    parts = split_uri(uri)
    if parts is None:
        return ""
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}:"
    host = parts.hostname or ""
    if ":" in host:
        return f"{parts.scheme}:"  # policies have no IPv6 addresses: CSP Level 3, section 2.3.1
    if not _POLICY_HOST.match(host):
        return ""
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port is not None else "")
