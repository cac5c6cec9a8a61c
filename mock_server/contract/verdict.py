"""
Verdicts: what a check says of an exchange.

A verdict is certain or doubtful. A doubtful one is reported apart and never makes a run fail: the document leaves room,
or something that is none of its business, such as a framework, may have answered.
"""

from dataclasses import dataclass
from typing import Final

from mock_server.finding import Finding
from mock_server.pointer import array_index
from mock_server.typing import Pointer

# The checks under Schemathesis' names, then ours, in the order in which they are reported.
CHECKS: Final = {
    "not_a_server_error": "no status of 500 or more, no broken or missing answer",
    "status_code_conformance": "the status is documented",
    "content_type_conformance": "the media type is documented",
    "response_headers_conformance": "header fields keep to the document",
    "response_schema_conformance": "the body keeps to its schema",
    "negative_data_rejection": "a request that breaks the document is refused",
    "positive_data_acceptance": "a request that keeps to the document is accepted",
    "missing_required_header": "a request without a required header is refused",
    "unsupported_method": "a method that is not documented is refused",
    "ignored_auth": "credentials are asked for, and looked at",
    "use_after_free": "what was deleted is gone",
    "ensure_resource_availability": "what was created can be read",
    "max_response_time": "the answer comes in time",
    "undocumented_property": "the body has documented properties only",
    "coherence": "ids are echoed, totals and page sizes are right",
    "idempotency": "safe methods give the same again",
    "head_matches_get": "HEAD has the header of GET",
    "conditional_requests": "a documented ETag is obeyed",
    "cross_tenant_access": "one identity does not read what belongs to another",
    "callbacks": "callbacks keep to the document",
}

# Which check a rule of the judge of responses belongs to.
CHECK_OF_RULE: Final = {
    "response-status-undocumented": "status_code_conformance",
    "response-media-type-undocumented": "content_type_conformance",
    "response-charset-undocumented": "content_type_conformance",
    "response-header-missing": "response_headers_conformance",
    "response-header-schema": "response_headers_conformance",
    "response-body-missing": "response_schema_conformance",
    "response-body-unexpected": "response_schema_conformance",
    "response-body-malformed": "response_schema_conformance",
    "response-body-schema": "response_schema_conformance",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found."""

    check: str
    finding: Finding
    doubtful: bool = False
    cause: tuple[str, ...] = ()  # what tells it from others of the same rule and place

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two verdicts one: the check, the operation, the rule, the place, and the instance without indices."""
        finding = self.finding
        place = str(finding.place) if finding.place is not None else ""
        return (self.check, finding.operation or "", finding.rule, place, *_without_indices(finding.instance or ()), *self.cause)


def _without_indices(pointer: Pointer) -> Pointer:
    return tuple("*" if array_index(token) is not None else token for token in pointer)
