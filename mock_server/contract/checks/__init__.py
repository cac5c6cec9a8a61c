"""
The checks: each compares what an API did with what its document says.

`exchange` has those that need one exchange only, `coherence` compares values, `acceptance` decides when a refusal is
wrong, `safe_methods` tests what safe methods promise.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Check:
    """One check, as the command line names it."""

    name: str  # Schemathesis' where it has the check, else ours
    sentence: str  # what has to hold
    rules: tuple[str, ...] = ()  # of the judge of responses, that it reports
    needs_state: bool = False  # it is about what a provider remembers: a mock promises nothing of that
    replayable: bool = False  # it looks at one exchange alone, so that judging it again says whether anything changed


_ROWS: Final = (
    Check("not_a_server_error", "no status of 500 or more, no broken or missing answer", replayable=True),
    Check(
        "status_code_conformance", "the status is documented", rules=("response-status-undocumented",), replayable=True
    ),
    Check(
        "content_type_conformance",
        "the media type is documented",
        rules=("response-media-type-undocumented", "response-charset-undocumented"),
        replayable=True,
    ),
    Check(
        "response_headers_conformance",
        "header fields keep to the document",
        rules=("response-header-missing", "response-header-schema"),
        replayable=True,
    ),
    Check(
        "response_schema_conformance",
        "the body keeps to its schema",
        rules=(
            "response-body-missing",
            "response-body-unexpected",
            "response-body-malformed",
            "response-body-schema",
        ),
        replayable=True,
    ),
    Check("negative_data_rejection", "a request that breaks the document is refused", replayable=True),
    Check("positive_data_acceptance", "a request that keeps to the document is accepted"),
    Check("missing_required_header", "a request without a required header is refused", replayable=True),
    Check("unsupported_method", "a method that is not documented is refused", replayable=True),
    Check("ignored_auth", "credentials are asked for, and looked at"),
    Check("use_after_free", "what was deleted is gone", needs_state=True),
    Check("ensure_resource_availability", "what was created can be read", needs_state=True),
    Check("max_response_time", "the answer comes in time"),
    Check("undocumented_property", "the body has documented properties only", replayable=True),
    Check("coherence", "ids are echoed, totals and page sizes are right", needs_state=True),
    Check("idempotency", "safe methods give the same again", needs_state=True),
    Check("head_matches_get", "HEAD has the header of GET", needs_state=True),
    Check("conditional_requests", "a documented ETag is obeyed", needs_state=True),
    Check("cross_tenant_access", "one identity does not read what belongs to another", needs_state=True),
    Check("callbacks", "callbacks keep to the document"),
)
# By name, in the order in which they are reported.
CHECKS: Final[dict[str, Check]] = {check.name: check for check in _ROWS}
CHECK_OF_RULE: Final[dict[str, str]] = {rule: check.name for check in _ROWS for rule in check.rules}
