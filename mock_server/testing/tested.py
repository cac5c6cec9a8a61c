"""Who is tested, and how: what `@pytest.mark.contract(…)` says."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mock_server.contract.baseline import read_baseline, read_values
from mock_server.contract.identity import Identity, make_identity
from mock_server.contract.inprocess import load_app, open_app
from mock_server.contract.memory import Given, Memory
from mock_server.contract.pace import PacedSender
from mock_server.contract.runner import MODES, PHASES, Report, Runner
from mock_server.contract.scope import base_path_of
from mock_server.contract.session import Options, Run
from mock_server.contract.subject import make_api
from mock_server.contract.transport import HttpSender, Limits
from mock_server.contract.verdict import CHECKS
from mock_server.errors import UsageError
from mock_server.spec.document import Document
from mock_server.spec.model import Entry

_WORDS: Final = {"phases": PHASES, "modes": MODES, "checks": tuple(CHECKS), "exclude_checks": tuple(CHECKS)}
_DEFAULT: Final = Options()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An API under test; the fields are the keywords of the marker, named as the flags of `mock-server test` are."""

    url: str | None = None  # the base of the API: it replaces the servers of the document
    app: Any = None  # instead: an ASGI or WSGI application, or `module:attribute`
    headers: Sequence[str] = ()  # `Name: value`
    auth: Sequence[str] = ()  # `SCHEME=secret` or `user:password`
    other_headers: Sequence[str] = ()
    other_auth: Sequence[str] = ()
    values: Path | str | Mapping[str, Any] | None = None
    baseline: Path | str | None = None
    phases: Sequence[str] = PHASES
    modes: Sequence[str] = MODES
    checks: Sequence[str] = ()
    exclude_checks: Sequence[str] = ()
    mutating: bool = False
    seed: int = 0
    max_cases: int = _DEFAULT.max_cases
    max_examples: int = _DEFAULT.max_examples
    max_time: float | None = None
    max_response_time: float | None = None
    timeout: float = 10.0
    rate_limit: float | None = None
    insecure: bool = False
    root: Path = field(default_factory=Path.cwd)  # what relative paths start from

    def __post_init__(self) -> None:
        """
        Check the words.

        Raises:
            UsageError: a phase, mode or check is unknown, or a word stands where a list belongs.
        """
        for name, known in _WORDS.items():
            given = getattr(self, name)
            wrong = [given] if isinstance(given, str) else [word for word in given if word not in known]
            if wrong:
                raise UsageError(f"{name} is a list of {', '.join(known)}; {wrong[0]!r} is none")

    @property
    def options(self) -> Options:
        """The options of the run."""
        chosen = frozenset(self.checks or CHECKS) - frozenset(self.exclude_checks)
        return Options(
            phases=tuple(self.phases),
            modes=tuple(self.modes),
            checks=chosen if self.checks or self.exclude_checks else frozenset(),
            mutating=self.mutating,
            seed=self.seed,
            max_examples=self.max_examples,
            max_cases=self.max_cases,
            max_time=self.max_time,
            max_response_time=self.max_response_time,
        )

    def identities(self, document: Document) -> tuple[Identity, Identity]:
        """
        Who asks, and the other one, who must not see what belongs to the first.

        Raises:
            UsageError: credentials can't be read.
        """
        first = make_identity(tuple(self.headers), tuple(self.auth), document.schemes, os.environ)
        return first, make_identity(tuple(self.other_headers), tuple(self.other_auth), document.schemes, os.environ)

    def origin(self) -> str:
        """What stands before the paths of requests, for people."""
        return "/".join(self.url.split("/")[:3]) if self.url is not None else "http://app.invalid"

    def test(self, document: Document, entries: tuple[Entry, ...]) -> Report:
        """
        Test some operations.

        Raises:
            UsageError: something is set to what it can't be.
            TransportError: the API can't be reached.
        """
        if (self.url is None) == (self.app is None):
            raise UsageError("name who is tested: @pytest.mark.contract(url=…), or app=…, or case.check(url)")
        first, other = self.identities(document)
        api = make_api(document, base_path_of(self.url, document), self.seed)
        api.identity = first
        options = self.options
        if other.is_known:
            options = replace(options, other=other)
        known = read_baseline(self.root / self.baseline) if self.baseline is not None else frozenset()
        limits = Limits(seconds=self.timeout)
        if self.url is not None:
            sender = PacedSender(HttpSender(self.url, limits, verify=not self.insecure), self.rate_limit)
        else:
            app = load_app(self.app) if isinstance(self.app, str) else self.app
            sender = PacedSender(open_app(app, limits), self.rate_limit)
        try:
            run = Run(api, sender, options, Memory(document, api.router, api.base_path, self._given()))
            return Runner(run, entries, baseline=known).report()
        finally:
            sender.close()

    def _given(self) -> Given:
        if self.values is None:
            return Given()
        if isinstance(self.values, Mapping):
            return Given({name: tuple(item) if isinstance(item, list | tuple) else (item,) for name, item in self.values.items()})
        return read_values(self.root / self.values)


def make_target(root: Path, words: Mapping[str, Any]) -> Target:
    """
    Read the keywords of a marker.

    Raises:
        UsageError: one is unknown.
    """
    unknown = [name for name in words if name not in Target.__slots__ or name == "root"]
    if unknown:
        known = ", ".join(name for name in Target.__slots__ if name != "root")
        raise UsageError(f"@pytest.mark.contract has no {unknown[0]!r}; it takes document, {known}")
    return Target(root=root, **words)
