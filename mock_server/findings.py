"""
Findings, and the rules that they break.

A finding is data, never raised; what stops the work itself is an error, see `errors`.

Every rule that a finding can name: one table.

An id reads `<what was looked at>-<its part>-<what is wrong>` and is public the day it ships.
A test holds this table, the one in docs/reference/rules.md and the ids that the code emits equal.
"""

import logging
import traceback
from dataclasses import dataclass
from enum import Enum, IntEnum
from pathlib import Path
from typing import NamedTuple

from mock_server.json_values import Pointer, format_pointer


class Level(IntEnum):
    """The severity of a finding. Only an error makes a command exit with 1."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


class Blame(Enum):
    """The party that has to change something."""

    DOCUMENT = "document"
    PROVIDER = "provider"
    CONSUMER = "consumer"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong."""

    id: str
    level: Level
    blame: Blame
    summary: str


def _rules(blame: Blame, *rows: tuple[str, Level, str]) -> dict[str, Rule]:
    return {id_: Rule(id_, level, blame, summary) for id_, level, summary in rows}


_E, _W, _N = Level.ERROR, Level.WARNING, Level.NOTE

RULES: dict[str, Rule] = {
    **_rules(
        Blame.DOCUMENT,
        ("document-invalid", _E, "breaks the OpenAPI specification's own schema or rules"),
        ("document-lint-incomplete", _N, "openapi-spec-validator could not look at everything"),
        ("document-text-invalid", _W, "text that YAML or JSON does not allow was read past"),
        ("document-key-duplicate", _W, "a key stands twice in one object; the last one counts"),
        ("document-reference-unresolvable", _E, "a $ref leads nowhere"),
        ("document-reference-outside", _E, "a $ref leaves the folders that may be read"),
        ("document-reference-remote", _E, "a $ref goes to a host that was not allowed"),
        ("document-object-malformed", _W, "an object has another shape than OpenAPI gives it; it is passed over"),
        ("document-keyword-malformed", _W, "a schema keyword has a value that it can't have; it is passed over"),
        (
            "document-enum-mistyped",
            _W,
            "an enum has values of another type than its schema; they are read as values of that type",
        ),
        ("document-pattern-invalid", _W, "a pattern is no regular expression of ECMA-262; it is passed over"),
        (
            "document-format-impossible",
            _W,
            "no text has a format beside the pattern or the lengths next to it; the format is passed over",
        ),
        (
            "document-anchor-duplicate",
            _W,
            "a dynamic anchor stands more than once in one schema resource; the nearest binding is taken",
        ),
        ("document-operation-id-duplicate", _W, "two operations have one operationId; the second is renamed"),
        ("document-operation-id-missing", _N, "an operation has no operationId; one is derived"),
        ("document-path-ambiguous", _W, "two path templates match the same targets with the same method"),
        ("document-server-without-scheme", _W, "a server names a host without a scheme, or a host more than a host"),
        ("document-path-parameter-undeclared", _W, "a template has a parameter that no Parameter Object declares"),
        ("document-path-parameter-unused", _W, "a path parameter does not stand in the template of its path"),
        ("document-response-missing", _W, "an operation documents no response that could be a success"),
        ("document-schema-unsatisfiable", _E, "no value satisfies a schema"),
        ("document-schema-unmockable", _E, "no conforming value was found for a schema"),
        ("document-example-invalid", _W, "an example breaks the schema it stands beside"),
        ("document-faker-unknown", _W, "an x-faker names nothing that is known; it is passed over"),
        ("document-security-undefined", _W, "a security requirement names a scheme that is not defined"),
        ("document-state-unfit", _W, "an operation can't be answered from state without breaking the document"),
        ("document-operation-unservable", _E, "an operation can't be answered"),
        ("overlay-invalid", _E, "a part of an overlay breaks the Overlay Specification; it is passed over"),
        ("overlay-action-unmatched", _W, "an action of an overlay matches nothing in the document"),
        ("overlay-action-failed", _E, "an action of an overlay can't be applied; it is passed over"),
        ("overlay-extends-other", _N, "an overlay extends another document than the one that it is applied to"),
        ("fixture-invalid", _E, "a fixture breaks the document"),
        ("fixture-operation-unknown", _E, "a fixture folder names no operation of the document"),
        ("scenario-invalid", _E, "a scenario breaks the document, or is none that can be played"),
        ("scenario-file-unknown", _E, "a file among the scenarios is none"),
    ),
    **_rules(
        Blame.CONSUMER,
        ("request-parameter-missing", _E, "a required parameter is missing"),
        ("request-parameter-malformed", _E, "a parameter can't be read in its documented style"),
        ("request-parameter-schema", _E, "a parameter breaks its schema"),
        ("request-query-undocumented", _N, "a query parameter is not documented"),
        ("request-boolean-lenient", _N, "a truth value in the query is written in another way than true or false"),
        ("request-path-spanning", _N, "a path is read with a variable that holds slashes"),
        ("request-body-missing", _E, "a required body is missing"),
        ("request-body-malformed", _E, "the body can't be read as its media type"),
        ("request-body-schema", _E, "the body breaks its schema"),
        ("request-media-type-undocumented", _E, "the body's media type is not documented"),
        ("request-coding-unknown", _E, "the body's content coding is not known"),
        ("request-coding-malformed", _E, "the body is not coded as its content coding says"),
        ("request-accept-unmet", _N, "no documented media type is acceptable to the client"),
        ("request-state-absent", _N, "what is asked for is not there, or no more"),
        ("request-state-conflict", _N, "what is asked for contradicts what is there"),
        ("request-quota-exceeded", _N, "the client has sent more requests than its quota allows"),
        ("request-key-reused", _N, "an idempotency key belongs to another request, or to one that is being answered"),
        ("request-security-unmet", _E, "no documented security requirement is met"),
        ("workflow-request-invalid", _E, "a step of a workflow fails, and its request breaks the document"),
        ("setting-off-expired", _E, "a check was off until a day that is over"),
        ("own-check-broken", _E, "a check of your own raised an error"),
        ("expectation-operation-undocumented", _E, "a consumer calls what is not documented"),
        ("expectation-status-undocumented", _E, "a consumer expects a status that is not documented"),
        ("expectation-media-type-undocumented", _E, "a consumer expects a media type that is not documented"),
        ("expectation-header-undocumented", _E, "a consumer expects a header that is not documented"),
        ("expectation-header-schema", _E, "a consumer expects a header to be what its schema does not allow"),
        ("expectation-body-schema", _E, "a consumer expects a body that its schema does not allow"),
        ("expectation-property-undocumented", _E, "a consumer expects a property that is not documented"),
        ("expectation-security-unmet", _W, "a consumer sends no credentials where the document asks for some"),
        ("expectation-interaction-unreadable", _E, "an interaction of a Pact file can't be read"),
    ),
    **_rules(
        Blame.PROVIDER,
        ("response-status-undocumented", _E, "the status is not documented"),
        ("response-media-type-undocumented", _E, "the media type is not documented"),
        ("response-header-missing", _E, "a required header is missing"),
        ("response-header-schema", _E, "a header breaks its schema"),
        ("response-body-missing", _E, "there is no body where one is documented"),
        ("response-body-unexpected", _E, "there is a body where none may be"),
        ("response-content-undocumented", _N, "there is a body, and the response documents no content"),
        ("response-body-malformed", _E, "the body can't be read as its media type"),
        ("response-body-schema", _E, "the body breaks its schema"),
        ("response-charset-undocumented", _E, "the charset is not the documented one"),
        (
            "response-transport-failed",
            _E,
            "no complete answer came: a broken, endless or too large one, or none in time",
        ),
        ("response-server-error", _E, "the server fails: a status of 500 or more"),
        ("response-slow", _E, "the answer takes longer than is allowed"),
        ("response-redirect-circular", _E, "a redirect leads in a circle, or never ends"),
        ("response-property-undocumented", _W, "a property is not documented"),
        ("response-invalid-accepted", _E, "a request that breaks the document is accepted"),
        ("response-header-unneeded", _E, "a request without a required header is accepted"),
        ("response-valid-refused", _E, "a request that keeps to the document is refused"),
        (
            "response-variant-refused",
            _W,
            "a value that the document lists or bounds is refused, and the refusal does not name it",
        ),
        ("response-method-undocumented", _E, "a method that is not documented is accepted"),
        ("response-auth-ignored", _E, "a request without the required credentials, or with wrong ones, is accepted"),
        ("response-value-incoherent", _E, "values contradict the request or each other: ids, totals, page sizes"),
        ("response-safe-changing", _E, "a safe request does not give the same again"),
        ("response-head-differs", _E, "HEAD and GET differ in their header"),
        ("response-condition-ignored", _E, "a documented conditional request is not obeyed"),
        ("response-deleted-available", _E, "what was deleted is still there"),
        ("response-created-unavailable", _E, "what was created can't be read"),
        ("response-tenant-crossed", _E, "one identity reads what belongs to another"),
        ("response-link-broken", _E, "a documented link leads nowhere"),
        ("callback-request-invalid", _E, "a callback or webhook breaks the document"),
        ("traffic-record-unreadable", _E, "a record of captured traffic can't be read"),
        ("traffic-path-undocumented", _W, "a captured request asks for nothing that is documented"),
        ("traffic-not-recorded", _W, "an exchange can't be recorded as a fixture"),
        ("workflow-step-failed", _E, "a step of a workflow does not succeed"),
        ("own-check-failed", _E, "a check of your own does not hold"),
        ("response-never-accepted", _W, "an operation never answered a good request with success: it was not tested"),
    ),
    **_rules(
        Blame.DOCUMENT,
        ("diff-operation-removed", _E, "an operation is gone: its requests are answered no more"),
        ("diff-operation-renamed", _W, "an operation has another operationId: generated clients call it otherwise"),
        ("diff-prefix-moved", _E, "operations moved together to paths with another prefix"),
        ("diff-request-refused", _E, "a request body that was right is refused"),
        ("diff-request-body-required", _E, "a request needs a body that it did not need"),
        ("diff-request-body-removed", _W, "a request has no body any more"),
        ("diff-parameter-required", _E, "a request needs a parameter that it did not need"),
        ("diff-parameter-refused", _E, "a value of a parameter that was right is refused, or read as another one"),
        ("diff-parameter-removed", _W, "a parameter is gone: what is sent for it has no effect"),
        ("diff-media-type-removed", _E, "a body can't be sent, or got, in a media type any more"),
        ("diff-media-type-added", _N, "an answer may have another media type, which clients have to ask for"),
        ("diff-response-widened", _E, "an answer may be one that clients were not told of"),
        ("diff-status-added", _E, "a success or redirect may have a status that clients were not told of"),
        (
            "diff-error-status-added",
            _N,
            "an error may have a status that clients were not told of; its class says enough",
        ),
        ("diff-status-removed", _W, "a status is documented no more"),
        ("diff-header-removed", _E, "a header field of an answer is not promised any more"),
        ("diff-header-widened", _E, "a header field of an answer may have a value that clients were not told of"),
        ("diff-security-tightened", _E, "credentials that were enough are so no more"),
        ("diff-login-moved", _W, "credentials are not got at a URL any more"),
        ("diff-server-removed", _W, "the API is not documented under a URL any more"),
        ("diff-callback-removed", _E, "a callback or webhook is sent no more"),
        ("diff-callback-added", _N, "a callback or webhook is sent that was not"),
        ("diff-callback-widened", _E, "a callback or webhook may be a request that its receivers were not told of"),
        ("diff-callback-answer-refused", _E, "an answer to a callback or webhook that was right is refused"),
        ("diff-link-removed", _W, "a link of an answer is gone"),
        ("diff-link-changed", _N, "a link of an answer leads elsewhere, or with other values"),
        ("diff-known-value-removed", _W, "a value of the open list `x-extensible-enum` is named no more"),
        ("diff-default-changed", _N, "a default is another one: who leaves the value out gets something else"),
        ("diff-property-dropped", _N, "a property is named no more"),
        ("diff-object-closed", _N, "an object that let other properties pass without a word lets none pass any more"),
        ("diff-deprecated", _N, "an operation, parameter, header field or property is deprecated"),
        (
            "diff-sunset-early",
            _E,
            "an operation, parameter, header field or property ends before the date that was announced",
        ),
        ("diff-stability-lowered", _W, "an operation is less stable than it was"),
        ("diff-version-not-raised", _W, "the document has a breaking change and its version is not raised"),
        ("diff-undecided", _W, "whether a change breaks somebody could not be decided"),
    ),
    **_rules(
        Blame.TOOL,
        ("tool-operation-failed", _E, "mock-server itself failed at an operation; the others are not concerned"),
    ),
}


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Somewhere in a file; the line is looked up when it is shown (`document.positions`)."""

    file: str
    pointer: Pointer = ()

    def __str__(self) -> str:
        return f"{self.file}#{format_pointer(self.pointer)}"


class Finding(NamedTuple):
    """One thing that is wrong, with its rule, its place in the document and in the judged value."""

    rule: str
    message: str
    place: Place | None = None  # in the document, or in a fixture
    instance: Pointer | None = None  # in the judged message, as in ("query", "limit") or ("body", "0", "id")
    operation: str | None = None  # operationId, where the finding belongs to one
    severity: Level | None = None  # as the user's settings say; None: by the rule

    @property
    def level(self) -> Level:
        """The severity."""
        if self.severity is not None:
            return self.severity
        return RULES[self.rule].level

    @property
    def blame(self) -> Blame:
        """The party that has to change something, by the rule."""
        return RULES[self.rule].blame

    @property
    def sort_key(self) -> tuple[str, Pointer, str, Pointer, str]:
        """The sort key in a report: file, pointer, rule."""
        place = self.place or Place("")
        return (place.file, place.pointer, self.rule, self.instance or (), self.message)


def make_tool_finding(error: Exception, doing: str, place: Place | None, operation: str | None) -> Finding:
    """
    Make the finding of a fault of our own, where one operation must not take the others with it.

    Args:
        error: What was raised, and nobody expected.
        doing: What was being done, as in "an example request".
        place: Of the operation.
        operation: Its operationId.
    """
    frames = traceback.extract_tb(error.__traceback__)
    raised = f", raised at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    message = f"{doing}: {type(error).__name__}: {error}{raised}; "
    message += "this is a fault of mock-server, not of the document: please report it"
    _log.debug("%s of %s", doing, operation, exc_info=error)
    return Finding(rule="tool-operation-failed", message=message, place=place, operation=operation)
