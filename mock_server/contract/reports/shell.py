"""
Findings as lines for a shell, to be run as they are.

What came from a variable is that variable, and a thing that the run created, and deleted, is created again first.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from mock_server.contract.knowledge.observed import json_of
from mock_server.contract.model import Exchanged, Incident
from mock_server.exchange.curl import write_curl
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.secrets.mask import Mask
from mock_server.judges.identity import expand

_VARIABLE: Final = re.compile(r"\$\{(?:([A-Za-z_][A-Za-z0-9_]*)|file:([^{}]+))\}")
_SENTINEL: Final = re.compile(r"~mock-server-stands-for-(\d+)~")
# What may be around a credential that a variable stands for: no second secret.
_AROUND: Final = re.compile(r"(?:[A-Za-z-]{1,20} )?(?:[\w.-]{1,60}=)?\Z")
# Credentials that a run makes up.
MADE_UP: Final = frozenset(
    ("key", "token", "Bearer token", "Basic dXNlcjpwYXNz", "forged-0000:forged", "Bearer forged-0000:forged",
     "Basic Zm9yZ2VkLTAwMDA6Zm9yZ2Vk")
)  # fmt: skip
_IDS: Final = re.compile(r"(?:_?id|uuid|key|.+(?:_id|Id))\Z")
_MOST_BEFORE: Final = 6  # requests before the one that shows a finding
_CREATING: Final = frozenset(("POST", "PUT"))


@dataclass(frozen=True, slots=True)
class Creation:
    """The request that created a thing, and how a shell finds its id in the answer."""

    exchanged: Exchanged
    find_id: str = ""  # a command that reads the answer; empty where the path is known before
    shows_header: bool = False  # whether the command reads the header, too


@dataclass(frozen=True, slots=True)
class Shell:
    """The context that lines for a shell need in addition to a finding."""

    stand_ins: Mapping[str, str] = field(default_factory=dict)  # secrets: what is written in double quotes
    creations: Mapping[bytes, Creation] = field(default_factory=dict)  # by the path of the thing

    def write(self, incident: Incident, mask: Mask, origin: str) -> str:
        """
        Write the requests of a finding.

        Args:
            incident: What was found.
            mask: Of all that no variable stands for.
            origin: Scheme, host and port.
        """
        path = incident.exchanged.probe.request.path
        thing = self._find_thing(path)
        creation = self.creations[thing] if thing is not None else None
        before = [each for each in incident.related[-_MOST_BEFORE:] if creation is None or each != creation.exchanged]
        if creation is None or creation.exchanged == incident.exchanged:
            return "\n".join(self._line(each.probe.request, mask, origin) for each in (*before, incident.exchanged))
        first = self._line(creation.exchanged.probe.request, mask, origin)
        known = thing or b""
        if creation.find_id:
            first = f"id=$({first.replace('curl ', 'curl -si ' if creation.shows_header else 'curl -s ', 1)}"
            first += f" | {creation.find_id})"
        else:
            known = b""
        lines = (self._line(each.probe.request, mask, origin, known) for each in (*before, incident.exchanged))
        return "\n".join((first, *lines))

    def write_request(self, request: Request, mask: Mask, origin: str) -> str:
        """Write a request by itself."""
        return self._line(request, mask, origin)

    def _find_thing(self, path: bytes) -> bytes | None:
        """Find the path of the created thing that a path names, or leads below."""
        segments = path.split(b"/")
        for size in range(len(segments), 1, -1):
            part = b"/".join(segments[:size])
            if part in self.creations:
                return part
        return None

    def _line(self, raw: Request, mask: Mask, origin: str, thing: bytes = b"") -> str:
        texts = list[str]()
        shown = self._shown(raw, mask, texts)
        if thing and (raw.path == thing or raw.path.startswith(thing + b"/")):
            texts.append("$id")
            parent = thing.rpartition(b"/")[0]
            shown = shown._replace(path=parent + f"/{_sentinel(len(texts) - 1)}".encode() + raw.path[len(thing) :])
        line = write_curl(shown, mask.url(origin))
        return _SENTINEL.sub(lambda match: f"'\"{texts[int(match[1])]}\"'", line)

    def _shown(self, raw: Request, mask: Mask, texts: list[str]) -> Request:
        """Mask a request, but for what variables stand for and what was made up."""
        masked = mask.request(raw)
        fields = tuple(
            (name, self._stand_in(value, shown, texts))
            for (name, value), (_, shown) in zip(raw.fields, masked.fields, strict=True)
        )
        own, seen = raw.query.split(b"&"), masked.query.split(b"&")
        if len(own) != len(seen):
            return masked._replace(fields=fields)
        pairs = [self._stand_in(pair, shown, texts) for pair, shown in zip(own, seen, strict=True)]
        return masked._replace(fields=fields, query=b"&".join(pairs))

    def _stand_in(self, value: bytes, masked: bytes, texts: list[str]) -> bytes:
        """Return what is shown of a value: as it is where nothing of it is a secret."""
        if value == masked:
            return value
        raw = value.decode("latin-1")
        if raw in MADE_UP or raw.partition("=")[2] in {quote(each, safe="") for each in MADE_UP}:
            return raw.encode("latin-1")
        for secret in sorted(self.stand_ins, key=len, reverse=True):
            before, found, after = raw.partition(secret)
            if found and not after and _AROUND.match(before):
                texts.append(self.stand_ins[secret])
                return f"{before}{_sentinel(len(texts) - 1)}".encode("latin-1", "replace")
        return masked


def _sentinel(index: int) -> str:
    return f"~mock-server-stands-for-{index}~"  # a tilde is always quoted


def find_stand_ins(templates: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """
    Find the variables of the shell that secrets came from, to be written in place of them.

    Args:
        templates: Texts with `${NAME}` or `${file:PATH}`, as the user gave them.
        environment: Where variables are looked up.
    """
    found: dict[str, str] = {}
    for template in templates:
        if _VARIABLE.search(template) is None:
            continue
        secret, written = expand(template, environment), _write_template(template)
        encoded = base64.b64encode(secret.encode()).decode()
        found[secret] = written
        found[encoded] = f'$(printf %s "{written}" | base64 | tr -d "\\n")'
    return found


def _write_template(template: str) -> str:
    """Write a text with variables as it is in double quotes: POSIX.1-2024, section 2.2.3."""
    parts, position = [], 0
    for match in _VARIABLE.finditer(template):
        parts.append(re.sub(r'([\\"$`])', r"\\\1", template[position : match.start()]))
        if match[1] is not None:
            parts.append(f"${{{match[1]}}}")
        else:
            quoted = match[2].replace("'", "'\\''")
            parts.append(f"$(cat '{quoted}')")
        position = match.end()
    return "".join((*parts, re.sub(r'([\\"$`])', r"\\\1", template[position:])))


def find_creations(exchanges: Iterable[Exchanged]) -> dict[bytes, Creation]:
    """Find the requests of a run that created things, by the paths of these."""
    found: dict[bytes, Creation] = {}
    for exchanged in exchanges:
        request, response = exchanged.probe.request, exchanged.received.response
        if request.method not in _CREATING or not exchanged.accepted or response is None:
            continue
        if request.method == "PUT":
            found.setdefault(request.path, Creation(exchanged))
            continue
        location = urlsplit(find_field(response.fields, b"location") or "").path.encode("latin-1", "replace")
        if location.rpartition(b"/")[0]:
            command = r"sed -n 's/\r$//; s#^[Ll]ocation:.*/##p'"
            found.setdefault(location, Creation(exchanged, command, shows_header=True))
        body = json_of(response)
        for name, value in body.items() if isinstance(body, dict) else ():
            if (
                _IDS.match(name)
                and name.isidentifier()
                and isinstance(value, str | int)
                and not isinstance(value, bool)
            ):
                command = f"python3 -c 'import json, sys; print(json.load(sys.stdin)[\"{name}\"])'"
                path = request.path.rstrip(b"/") + b"/" + quote(str(value), safe="").encode()
                found.setdefault(path, Creation(exchanged, command))
    return found
