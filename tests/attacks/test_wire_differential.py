"""
Differential fuzzing of the wire: spoiled requests, to our server, to uvicorn without our gate, and to h11.

What all of them accept has to be the same requests, ending at the same bytes. What only some accept has to be in the list below,
with the reason. `WIRE_FUZZ=100000 pytest tests/attacks/test_wire_differential.py` tries more of them.
"""

import os
import re
from collections.abc import Iterator
from random import Random
from typing import Final

import pytest

from tests.support.fuzzed import Outcome, Server, cut, mutate, open_servers, read_with_h11

_COUNT: Final = int(os.environ.get("WIRE_FUZZ", "2000"))
_BATCHES: Final = 8

# What ours refuses and the other accepts: by the words of our refusal.
_STRICTER: Final = {
    "uvicorn": {
        "it has no Host": "uvicorn leaves Host to applications; RFC 9112, section 3.2 asks servers for 400",
        "it has more than one Host": "the same",
        "its Host is none": "the same",
        "it does not begin with a method": "llhttp takes a line without a version for HTTP/0.9, which has no header",
        "its target is neither": "uvicorn leaves targets to applications",
        "this server speaks HTTP/1.1": "llhttp reads on after HTTP/2.0 and 0.9",
        "a line ends with CR and LF": "llhttp skips bare LF and CR before a request",
        "the only transfer coding": "llhttp reads the last coding, and leaves those before it in the body",
        "the size of a chunk": "llhttp reads extensions without a name",
        "the trailer section": "llhttp lets Host, and uvicorn adds it to the header; RFC 9110, section 6.5.1 forbids it",
    },
    "h11": {
        "a line ends with CR and LF": "h11 takes a bare LF for the end of a line; RFC 9112, section 2.2 allows it, and proxies differ",
        "its Host is none": "h11 does not read it",
        "its target is neither": "h11 leaves targets to applications",
        "its method is none": "h11 takes any token for a method; llhttp knows a list of them",
        "a character that none may have": "h11 lets control characters be in values",
        "a field goes on in the next line": "h11 unfolds obsolete folding",
        "Content-Length is no single number": "h11 takes the same length twice for one",
        "a Content-Length and a Transfer-Encoding": "h11 lets the coding win; RFC 9112, section 6.1 calls it a likely attack",
        "the size of a chunk": "h11 lets anything be in an extension, and spaces after a size",
        "the trailer section": "h11 lets control characters be in trailers",
        "HTTP/1.0 has no Transfer-Encoding": "h11 reads the body all the same",
        "this server speaks HTTP/1.1": "h11 reads HTTP/1.x",
        "this server is no tunnel": "h11 leaves CONNECT to applications",
    },
}
# What ours accepts and the other refuses: by the other's words.
_LENIENT: Final = {
    "uvicorn": {},
    "h11": {"no request line received": "RFC 9112, section 2.2: an empty line before a request is skipped"},
}
# Where uvicorn can't be compared with.
_ELSEWHERE: Final = {
    "where an upgrade is offered it stops to read: that ours goes on is what the gate is for": re.compile(
        rb"upgrade", re.IGNORECASE
    ),
    "it can't read a URL without a path": re.compile(rb"https?://[^/ ]*[ ?]", re.IGNORECASE),
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    with open_servers(tmp_path_factory.mktemp("fuzzed")) as opened:
        yield opened


def judge(name: str, ours: Outcome, other: Outcome) -> str:
    """Say how two servers differ, unless that is in the lists; "": they do not."""
    common = min(len(ours.messages), len(other.messages))
    if ours.messages[:common] != other.messages[:common]:
        return f"{name} reads other requests: {other.messages}, ours {ours.messages}"
    if len(ours.messages) < len(other.messages) or (ours.is_refused and not other.is_refused):
        is_known = any(words in ours.why for words in _STRICTER[name])
        return "" if ours.is_refused and is_known else f"{name} accepts more: {other.messages}; ours {ours}"
    if len(ours.messages) > len(other.messages) or (other.is_refused and not ours.is_refused):
        # uvicorn closes the connection over requests that it has not answered, where a later one is refused
        is_known = any(words in other.why for words in _LENIENT[name]) or (
            name == "uvicorn" and ours.is_refused and other.is_refused
        )
        return "" if other.is_refused and is_known else f"{name} accepts less: {other}; ours {ours}"
    return ""


@pytest.mark.parametrize("batch", range(_BATCHES))
def test_no_request_is_read_in_two_ways(servers: tuple[Server, Server], batch: int) -> None:
    ours, usual = servers
    different = []
    for number in range(batch, _COUNT, _BATCHES):
        random = Random(f"wire {number}")
        sent = mutate(random)
        pieces = cut(sent, random)
        read = ours.outcome(pieces)
        others = {"h11": read_with_h11(sent)}
        if not any(pattern.search(sent) for pattern in _ELSEWHERE.values()):
            others["uvicorn"] = usual.outcome(pieces)
        different += [
            f"{number}: {found}\n{sent!r}" for name, other in others.items() if (found := judge(name, read, other))
        ]

    assert different == []


def test_what_is_sent_in_pieces_is_read_as_in_one(servers: tuple[Server, Server]) -> None:
    ours, _ = servers
    different = []
    for number in range(_COUNT // 10):
        random = Random(f"pieces {number}")
        sent = mutate(random)
        whole, dripped = ours.outcome([sent]), ours.outcome([sent[at : at + 1] for at in range(len(sent))])
        if (whole.messages, whole.is_refused) != (
            dripped.messages,
            dripped.is_refused,
        ):  # the words may be of what came by then
            different.append((number, sent))

    assert different == []
