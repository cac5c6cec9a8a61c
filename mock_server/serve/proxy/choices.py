"""
Which operations are real, which are mocked, and when the mock steps in for the real server.

Whoever holds the object may change it while the proxy runs.
"""

from collections.abc import Iterable
from typing import Final

from mock_server.contract.transport import Fault
from mock_server.errors import UsageError

# What the mock can step in for, besides statuses such as 501 and 5XX.
_CAUSES: Final = {
    "unreachable": frozenset((Fault.UNREACHABLE,)),
    "timeout": frozenset((Fault.TIMEOUT,)),
    "broken": frozenset((Fault.DISCONNECTED, Fault.MALFORMED)),
}


class Choices:
    """Real or mock; see the module."""

    def __init__(self, mocked: Iterable[str] = (), fallback_on: Iterable[str] = ()) -> None:
        """
        Begin with what is set.

        Args:
            mocked: Operations, by their ids, that the real server is not asked for.
            fallback_on: `unreachable`, `timeout`, `broken`, statuses such as `501` or `5XX`; nothing: the mock never steps in.

        Raises:
            UsageError: something else.
        """
        self.mocked = set(mocked)
        self.fallback_on = tuple(fallback_on)

    @property
    def fallback_on(self) -> tuple[str, ...]:
        """What the mock steps in for."""
        return self._fallback_on

    @fallback_on.setter
    def fallback_on(self, wanted: tuple[str, ...]) -> None:
        words = tuple(dict.fromkeys(word.lower() for word in wanted))
        for word in words:
            is_status = len(word) == 3 and word[0] in "345" and (word[1:] == "xx" or word.isdigit())  # noqa: PLR2004
            if word not in _CAUSES and not is_status:
                raise UsageError(f"--fallback-on is a list of {', '.join(_CAUSES)} and statuses such as 501 and 5XX; {word!r} is none")
        self._fallback_on = words

    def is_mocked(self, operation: str) -> bool:
        """Whether the real server is not asked."""
        return operation in self.mocked

    def choose(self, operation: str, *, upstream: bool) -> None:
        """Let the real server answer an operation, or the mock."""
        if upstream:
            self.mocked.discard(operation)
        else:
            self.mocked.add(operation)

    def steps_in_for(self, cause: Fault | int) -> bool:
        """Whether the mock answers instead, for a fault or a status."""
        if isinstance(cause, Fault):
            return any(cause in _CAUSES.get(word, ()) for word in self._fallback_on)
        return str(cause) in self._fallback_on or f"{cause // 100}xx" in self._fallback_on
