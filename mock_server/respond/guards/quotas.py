"""
Quotas: how many requests a client may send in a time, counted in windows by the clock of its world.

Source: draft-ietf-httpapi-ratelimit-headers-10; RFC 6585, section 4
"""

import math
from collections import OrderedDict
from typing import Final, NamedTuple

from mock_server.findings import Finding
from mock_server.respond.answer import Answer, RawField
from mock_server.respond.worlds import World
from mock_server.timing.rates import Rate

_MOST: Final = 10_000  # clients that are counted
_EPOCH: Final = 1_000_000_000  # a reset above this is a moment, else seconds
# Fields of older APIs that say the same, where a document has them.
_LIMITS: Final = frozenset((b"x-ratelimit-limit", b"x-rate-limit-limit", b"ratelimit-limit"))
_REMAINDERS: Final = frozenset((b"x-ratelimit-remaining", b"x-rate-limit-remaining", b"ratelimit-remaining"))
_RESETS: Final = frozenset((b"x-ratelimit-reset", b"x-rate-limit-reset", b"ratelimit-reset"))
_USED: Final = frozenset((b"x-ratelimit-used",))


class QuotaUse(NamedTuple):
    """A client's use of a quota, with the request at hand."""

    policy: str  # its name
    rate: Rate
    used: int
    resets: float  # in seconds since the epoch
    now: float

    @property
    def is_exceeded(self) -> bool:
        """True where the request is one too many."""
        return self.used > self.rate.number

    @property
    def left(self) -> int:
        """The number of requests that are left."""
        return max(self.rate.number - self.used, 0)

    @property
    def seconds(self) -> int:
        """Whole seconds until the next window."""
        return max(math.ceil(self.resets - self.now), 1)

    def finding(self) -> Finding:
        """Say that the request is one too many."""
        message = f"more than {self.rate} requests; the next one may come in {self.seconds} s"
        return Finding(rule="request-quota-exceeded", message=message)

    def mark(self, answer: Answer) -> Answer:
        """Say in an answer what is left of the quota, in the fields of the draft and in those that it has already."""
        fields = [(name, self._old(name, value)) for name, value in answer.fields]
        name = self.policy.replace("\\", "").replace('"', "").encode("ascii", "replace").decode()
        window = math.ceil(self.rate.seconds)
        own: list[RawField] = [
            (b"ratelimit-policy", f'"{name}";q={self.rate.number};w={window}'.encode()),
            (b"ratelimit", f'"{name}";r={self.left};t={self.seconds}'.encode()),
        ]
        if self.is_exceeded:
            fields = [pair for pair in fields if pair[0] != b"retry-after"]
            own.append((b"retry-after", str(self.seconds).encode()))
        names = {key for key, _ in own}
        return answer._replace(fields=[*(pair for pair in fields if pair[0] not in names), *own])

    def _old(self, name: bytes, value: bytes) -> bytes:
        if name in _LIMITS:
            return str(self.rate.number).encode()
        if name in _REMAINDERS:
            return str(self.left).encode()
        if name in _USED:
            return str(min(self.used, self.rate.number)).encode()
        if name in _RESETS:
            is_moment = value.isdigit() and int(value[:20]) > _EPOCH
            return str(math.ceil(self.resets) if is_moment else self.seconds).encode()
        return value


class _Window(NamedTuple):
    born: object  # of the world, so that a world that begins anew has all of its quota
    begins: float
    used: int


class Quotas:
    """Counts the requests of clients; the one that was not heard of for the longest time is forgotten first."""

    def __init__(self) -> None:
        self._windows: OrderedDict[tuple[str, str, str], _Window] = OrderedDict()

    def spend(self, world: World, policy: str, rate: Rate, client: str) -> QuotaUse:
        """
        Count a request.

        Args:
            world: Of the client.
            policy: The name of the quota.
            rate: Its size.
            client: Whose request it is.
        """
        key, now = (world.name, policy, client), world.clock.now()
        window = self._windows.pop(key, None)
        is_over = window is None or window.born is not world.born
        if window is None or is_over or not window.begins <= now < window.begins + rate.seconds:
            window = _Window(world.born, now, 0)
        window = window._replace(used=window.used + 1)
        self._windows[key] = window
        while len(self._windows) > _MOST:
            self._windows.popitem(last=False)
        return QuotaUse(policy, rate, window.used, window.begins + rate.seconds, now)
