"""
Hooks: code of the user's that changes requests and answers, and checks of their own.

A check of theirs is a row as ours are; what it says is shrunk, reported and sent again as ours is. What raises is said
with its line, and the run goes on.
"""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mock_server.contract.checks import Check, ExchangeUnderCheck
from mock_server.contract.model import Exchanged, Verdict
from mock_server.contract.transport.http import Received, Sender
from mock_server.errors import UsageError
from mock_server.exchange.message import Request, Response
from mock_server.findings import Finding
from mock_server.hooks import OwnCheck, find_checks

_MOST_SAID: Final = 100  # findings of one call
_LONGEST: Final = 2_000  # characters of a message


@dataclass(frozen=True, slots=True)
class Hooks:
    """The hooks and checks of a module."""

    before_request: Callable[[Request], object] | None = None
    after_answer: Callable[[Request, Response], object] | None = None
    checks: Mapping[str, Check] = field(default_factory=dict)  # on each exchange
    once: tuple[OwnCheck, ...] = ()  # on all exchanges of a run

    @property
    def rows(self) -> dict[str, Check]:
        """All checks, as rows."""
        return {**self.checks, **{own.name: Check(own.name, own.sentence) for own in self.once}}


def read_hooks(where: str, functions: Mapping[str, Callable[..., Any]], known: Iterable[str]) -> Hooks:
    """
    Find the hooks in a module.

    Args:
        where: Its name, for messages.
        functions: Its public functions.
        known: The names of our own checks.

    Raises:
        UsageError: it has none, or a check has the name of another one.
    """
    checks = find_checks(list(functions.values()))
    taken = set(known)
    for own in checks:
        if own.name in taken:
            raise UsageError(f"--hooks {where}: there is a check {own.name!r} already: give it another name")
        taken.add(own.name)
    hooks = Hooks(
        functions.get("before_request"),
        functions.get("after_answer"),
        {own.name: _row(own) for own in checks if not own.once},
        tuple(own for own in checks if own.once),
    )
    if hooks == Hooks():
        raise UsageError(f"--hooks {where} has no before_request, no after_answer and no @check")
    return hooks


def _row(own: OwnCheck) -> Check:
    def run(context: ExchangeUnderCheck) -> Iterable[Verdict] | None:
        if context.response is None:
            return None
        return [_verdict(own, context, said) for said in _call(own, context)]

    return Check(own.name, own.sentence, run, needs="an answer", replayable=True)


@dataclass(frozen=True, slots=True)
class _Said:
    """One thing that a check says."""

    message: str
    rule: str = "own-check-failed"
    about: ExchangeUnderCheck | None = None


def _call(own: OwnCheck, given: object) -> list[_Said]:
    """Call a check; an error of its own is a finding."""
    try:
        found = own(given)
        if found is None or isinstance(found, bool):
            return []
        items = [found] if isinstance(found, str | tuple) else found
        return [_read(item) for item, _ in zip(items, range(_MOST_SAID), strict=False)]
    except AssertionError as error:
        return [_Said(str(error)[:_LONGEST] or own.sentence)]
    except Exception as error:  # noqa: BLE001 - code of the user's, which must not end the run
        return [_Said(_describe(error)[:_LONGEST], "own-check-broken")]


def _read(item: object) -> _Said:
    if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], ExchangeUnderCheck):  # noqa: PLR2004 - a pair
        return _Said(str(item[1])[:_LONGEST], about=item[0])
    if not isinstance(item, str):
        raise TypeError(f"a check yields texts, or pairs of an exchange and a text, not {item!r}")
    return _Said(item[:_LONGEST])


def _describe(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    last = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}: " if frames else ""
    return f"{last}{type(error).__name__}: {error}"


def _verdict(own: OwnCheck, context: ExchangeUnderCheck, said: _Said) -> Verdict:
    finding: Finding = context.finding(said.rule, said.message)
    if said.rule == "own-check-failed":
        finding = finding._replace(severity=own.level)
    return Verdict(own.name, finding)


def iter_once(hooks: Hooks, contexts: list[ExchangeUnderCheck]) -> Iterator[tuple[Verdict, Exchanged]]:
    """Run the checks that look at all exchanges of a run; what names no exchange is about the last one."""
    if not contexts:
        return
    for own in hooks.once:
        for said in _call(own, contexts):
            context = said.about or contexts[-1]
            yield _verdict(own, context, said), context.exchanged


@dataclass(eq=False, repr=False)
class HookedSender:
    """Sends requests as hooks change them."""

    sender: Sender
    hooks: Hooks

    @property
    def origin(self) -> str:
        """The origin that requests are sent to."""
        return self.sender.origin

    def send(self, request: Request) -> Received:
        """
        Send a request.

        Raises:
            UsageError: a hook raised, or gave something else.
        """
        changed = _hook("before_request", self.hooks.before_request, Request, request) or request
        received = self.sender.send(changed)
        if received.response is not None:
            response = _hook("after_answer", self.hooks.after_answer, Response, changed, received.response)
            if response is not None:
                received = replace(received, response=response)
        if changed is not request:
            received = replace(received, sent=changed)
        return received

    def break_off(self) -> None:
        """Whoever waits for an answer stops waiting, where that can be."""
        self.sender.break_off()

    def go_on(self) -> None:
        """Allow requests again."""
        self.sender.go_on()

    def close(self) -> None:
        """Let go of connections."""
        self.sender.close()


def _hook(name: str, hook: Callable[..., object] | None, kind: type[Any], *given: object) -> Any:  # noqa: ANN401 - of the kind
    """Call a hook; gives None where it changes nothing."""
    if hook is None:
        return None
    try:
        changed = hook(*given)
    except Exception as error:
        raise UsageError(f"the hook {name} raised {_describe(error)}") from error
    if changed is not None and not isinstance(changed, kind):
        raise UsageError(f"the hook {name} has to give a {kind.__name__} or nothing, not {changed!r}")
    return changed
