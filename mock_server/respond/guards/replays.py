"""
Requests with an idempotency key: what was answered to the first of them is answered to all.

Source: draft-ietf-httpapi-idempotency-key-header-07
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mock_server.document.model import Operation, ParameterLocation
from mock_server.exchange.message import Request, find_field
from mock_server.names import joined
from mock_server.respond.answer import Answer
from mock_server.respond.worlds import World

FIELD: Final = "idempotency-key"
REPLAYED: Final = (b"idempotent-replayed", b"true")  # as Stripe and others say it
CHANGING: Final = frozenset(("POST", "PUT", "PATCH", "DELETE"))
SECONDS: Final = 86_400.0  # that an answer is kept for, by the clock of the world
_MOST: Final = 16 << 20  # bytes of answers
_LONGEST: Final = 255  # characters of a key
_ENTRY: Final = 600  # bytes of an answer in memory, apart from its body


class ReplayKey(NamedTuple):
    """The key that repeats of one request share."""

    world: str
    method: str
    path: bytes
    client: str
    key: str


class _KeptAnswer(NamedTuple):
    born: object  # of the world, so that a world that begins anew has none
    until: float
    fingerprint: bytes
    answer: Answer | None  # None: it is being made


@dataclass(eq=False)
class Replays:
    """Keeps answers by their keys; bounded, the oldest go first."""

    weight: int = 0  # bytes
    _kept: OrderedDict[ReplayKey, _KeptAnswer] = field(default_factory=OrderedDict)

    def begin(self, key: ReplayKey, request: Request, world: World) -> Answer | str | None:
        """
        Begin to answer a request.

        Returns:
            The answer that was given to its key; why it has none, where the key is another request's or is in use;
            None where it has to be answered, and `end` told what.
        """
        now, fingerprint = world.clock.now(), _fingerprint(request)
        known = self._kept.get(key)
        if known is not None and (known.born is not world.born or not known.until - SECONDS <= now < known.until):
            self._drop(key)
            known = None
        if known is None:
            self._kept[key] = _KeptAnswer(world.born, now + SECONDS, fingerprint, None)
            return None
        if known.fingerprint != fingerprint:
            return REUSED
        if known.answer is None:
            return IN_USE
        return known.answer._replace(fields=[*known.answer.fields, REPLAYED])

    def end(self, key: ReplayKey, answer: Answer | None) -> None:
        """Keep what was answered; a refusal, or no answer, is forgotten, so that the request can be sent again."""
        known = self._kept.get(key)
        if known is None:
            return
        if answer is None or answer.status >= 400:  # noqa: PLR2004
            self._drop(key)
            return
        self._kept[key] = known._replace(answer=answer)
        self._kept.move_to_end(key)
        self.weight += _weigh(answer)
        while self.weight > _MOST and self.drop_oldest():
            pass

    def drop_oldest(self) -> bool:
        """Forget the oldest answer, and return whether there was one."""
        key = next((key for key, kept in self._kept.items() if kept.answer is not None), None)
        if key is None:
            return False
        self._drop(key)
        return True

    def _drop(self, key: ReplayKey) -> None:
        kept = self._kept.pop(key)
        if kept.answer is not None:
            self.weight -= _weigh(kept.answer)


REUSED: Final = "the key was used for another request"
IN_USE: Final = "a request with the same key is being answered"


def find_key(request: Request, operation: Operation) -> str | None:
    """Return the idempotency key of a request, in the field that the document has for it."""
    documented = (
        parameter.name
        for parameter in operation.parameters
        if parameter.location is ParameterLocation.HEADER and joined(parameter.name).endswith("idempotencykey")
    )
    name = next(documented, FIELD)
    value = (find_field(request.fields, name.lower().encode("latin-1", "replace")) or "").strip()
    return value if 0 < len(value) <= _LONGEST else None


def takes_keys(operation: Operation, is_set: bool | None) -> bool:  # noqa: FBT001 - a value
    """
    Check whether an operation answers by idempotency keys.

    Args:
        operation: Whose request it is.
        is_set: What the settings say; None: as the document has a field for keys.
    """
    if is_set is not None:
        return is_set
    return any(
        parameter.location is ParameterLocation.HEADER and joined(parameter.name).endswith("idempotencykey")
        for parameter in operation.parameters
    )


def _fingerprint(request: Request) -> bytes:
    return hashlib.sha256(request.query + b"\0" + request.body).digest()


def _weigh(answer: Answer) -> int:
    return _ENTRY + len(answer.body) + sum(len(name) + len(value) for name, value in answer.fields)
