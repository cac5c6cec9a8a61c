"""
Errors, which keep work from being done.

    MockServerError                 carries exit code 2
      UsageError                    a flag, a setting or their combination makes no sense
      DocumentError
        UnreadableResource          a file or URL can't be read
        MalformedResource           what was read is neither YAML nor JSON, or too large or too deep
        UnsupportedVersion          no OpenAPI version that is known
        UnresolvableReference       a $ref leads nowhere
        ForbiddenReference          a $ref leads where reading is not allowed
      FixtureError                  fixtures or scenarios that can't be used, with their findings
      ScriptError                   a request pattern, template, mapping or scenario can't be used, with the place in it
      SchemaError
        UnusableSchema              a schema can't be compiled
        UnsatisfiableSchema         no value satisfies it, or none was found
      ExchangeError                 carries a status hint for whoever must answer
        MalformedContent            a body or parameter can't be read
        UndefinedSerialization      OpenAPI leaves this style and value undefined
        MalformedPreference         a Prefer header field can't be obeyed
        MalformedWorld              what names a world can't be a name
      ListenError                   the server can't start to listen
      LoginError                    no credentials could be had for the API under test
      TransportError                the API under test can't be reached

An error keeps its evidence; `str()` makes the sentence: what, where, what to do.
What was looked at and found wrong is a `finding`, not an error.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Final

from mock_server.findings import Finding, Place
from mock_server.json_values import Pointer, format_pointer

# What a command ends with, as reference pages show it.
EXIT_CODES: Final = {
    0: "clean: the work was done, and nothing is wrong",
    1: "findings: something that was looked at is wrong, at the level of an error",
    2: (
        "the work could not be done: a wrong flag or setting, a document that can't be read, a port in use, "
        "an API of which nothing was reached, a finding for `--replay` that is unclear, "
        "an operation at which mock-server itself failed"
    ),
}


class MockServerError(Exception):
    """The work could not be done."""

    exit_code: ClassVar[int] = 2


class UsageError(MockServerError):
    """A flag, a setting or their combination makes no sense."""


class DocumentError(MockServerError):
    """The document can't be used."""


class _WithEvidence(DocumentError):
    """An error about one file or URL."""

    def __init__(self, name: str, reason: str, advice: str = "") -> None:
        super().__init__(name, reason, advice)
        self.name = name
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}" + (f"\n{self.advice}" if self.advice else "")


class UnreadableResource(_WithEvidence):
    """A file or URL can't be read."""


class MalformedResource(_WithEvidence):
    """A file is neither YAML nor JSON, or is too large or nested too deeply."""


class UnsupportedVersion(_WithEvidence):
    """The document names no OpenAPI version that is known."""


class _ReferenceError(DocumentError):
    """An error about one $ref."""

    rule: ClassVar[str]

    def __init__(self, reference: str, place: Place, reason: str) -> None:
        super().__init__(reference, place, reason)
        self.reference = reference
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"$ref {self.reference!r} at {self.place}: {self.reason}"

    def finding(self) -> Finding:
        """Return the same as a finding, for a report."""
        return Finding(rule=self.rule, message=f"$ref {self.reference!r}: {self.reason}", place=self.place)


class UnresolvableReference(_ReferenceError):
    """A $ref leads nowhere."""

    rule = "document-reference-unresolvable"


class ForbiddenReference(_ReferenceError):
    """A $ref leads to a file outside the allowed folders or to a host that was not allowed."""

    def __init__(self, reference: str, place: Place, reason: str, *, remote: bool) -> None:
        super().__init__(reference, place, reason)
        self.remote = remote

    def finding(self) -> Finding:
        """Return the same as a finding, for a report."""
        rule = "document-reference-remote" if self.remote else "document-reference-outside"
        return Finding(rule=rule, message=f"$ref {self.reference!r}: {self.reason}", place=self.place)


class FixtureError(MockServerError):
    """Fixtures or scenarios that can't be used."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(tuple(findings))
        self.findings = tuple(findings)

    def __str__(self) -> str:
        count = len(self.findings)
        return f"{count} finding{'s' if count != 1 else ''} in the fixtures and scenarios: correct or remove them"


class ScriptError(MockServerError):
    """A request pattern, a template, a mapping or a scenario can't be used."""

    def __init__(self, reason: str, pointer: Pointer = (), findings: Sequence[Finding] = ()) -> None:
        """
        Keep the evidence.

        Args:
            reason: What is wrong with it.
            pointer: Where in the value that was given.
            findings: How an answer in it breaks the document.
        """
        super().__init__(reason, pointer, tuple(findings))
        self.reason = reason
        self.pointer = pointer
        self.findings = tuple(findings)

    def __str__(self) -> str:
        if self.pointer:
            return f"{format_pointer(self.pointer)}: {self.reason}"
        return self.reason

    def inside(self, *pointer: str) -> "ScriptError":
        """Return the same, of a value that holds the one that was looked at."""
        return ScriptError(self.reason, (*pointer, *self.pointer), self.findings)


@contextmanager
def within(*pointer: str) -> Iterator[None]:
    """Place what is wrong with a part of a value: by where the part is."""
    try:
        yield
    except ScriptError as error:
        raise error.inside(*pointer) from error


class SchemaError(MockServerError):
    """A schema can't be worked with."""

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"the schema at {self.place}: {self.reason}"


class UnusableSchema(SchemaError):
    """A schema can't be compiled."""


class UnsatisfiableSchema(SchemaError):
    """No value satisfies a schema (proven), or none was found (then `proven` is false)."""

    def __init__(self, place: Place, reason: str, *, proven: bool) -> None:
        super().__init__(place, reason)
        self.proven = proven


class ExchangeError(MockServerError):
    """A message can't be read or written."""


class MalformedContent(ExchangeError):
    """A body or a parameter can't be read as its declared media type or style."""


class UndefinedSerialization(ExchangeError):
    """OpenAPI leaves this style and value undefined."""


class MalformedPreference(ExchangeError):
    """A Prefer header field can't be obeyed."""


class MalformedWorld(ExchangeError):
    """The name of a world is malformed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name[:100]!r} can't name a world: 1 to 64 of the characters A-Z, a-z, 0-9, '.', '_', '~' and '-'"


class ListenError(MockServerError):
    """The server can't start to listen."""


class LoginError(MockServerError):
    """No credentials could be had for the API under test."""


class TransportError(MockServerError):
    """The API under test can't be reached."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        advice = "Is it running, and is the URL the base that the paths of the document follow?"
        return f"{self.url} can't be reached: {self.reason}\n{advice}"
