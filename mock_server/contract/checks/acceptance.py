"""
Acceptance: when is it wrong that a good request is refused?

A document can't say every rule of a business. So a refusal is certain only where the document leaves no room: what it
documents as a method or a media type, or a value that it lists or bounds, refused although the same request without it
is accepted. Of a request with a body, 409 and 422 may be business; of a safe one hardly anything is.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.checks import Asking, Check
from mock_server.contract.model import Exchanged, Probe, Verdict
from mock_server.contract.plan import EXPLICIT, Change
from mock_server.document.model import Missing, ParameterLocation
from mock_server.json_values import JsonValue, array_index

_NAME: Final = "positive_data_acceptance"
_UNSUPPORTED = frozenset((405, 406, 415))  # a 501 is a server error, or documented
_SYNTAX = frozenset((400, 422))
_MOST_READ: Final = 20_000  # bytes of a refusal


def check_supported(session: Asking, exchanged: Exchanged) -> Iterator[Verdict]:
    """Check that a documented method, media type or Accept is never unsupported."""
    session.look(_NAME)
    if exchanged.status in _UNSUPPORTED:
        message = f"{exchanged.status} to a request that keeps to the document ({exchanged.probe.what})"
        yield _verdict(session, exchanged, message, doubtful=exchanged.status == 406)  # noqa: PLR2004 - Accept may be narrower


def check_refused(session: Asking, base: Exchanged, change: Change, refused: Exchanged) -> Iterator[Verdict]:
    """
    Judge the refusal of a request that differs from an accepted one in one step.

    Args:
        session: Of the operation.
        base: The accepted request.
        change: The step.
        refused: What came of it.
    """
    session.look(_NAME)
    if refused.status not in _SYNTAX or not base.accepted:
        return
    explicit = change.keyword in EXPLICIT or "boolean" in change.detail or change.part is None
    certain = explicit and not _is_hostile(change) and (session.subject.is_safe or refused.status == 400)  # noqa: PLR2004 - what is no business
    certain = certain and not _speaks_of_thing(refused)
    if certain and change.keyword in {"presence", "properties"}:
        certain = refused.status == 400  # noqa: PLR2004 - see above
    message = f"{refused.status} to {change.what}, which the document allows; the same request without it is accepted"
    # what the refusal does not name may be refused for another reason
    rule = "response-valid-refused" if _is_named(change, refused) else "response-variant-refused"
    yield _verdict(session, refused, message, doubtful=not certain, change=change, rule=rule)


def _speaks_of_thing(refused: Exchanged) -> bool:
    """Return whether a refusal names what the path does, as in `x.txt is not a directory`: it goes by what it is."""
    response, draft = refused.received.response, refused.probe.draft
    if response is None or draft is None:
        return False
    text = response.body[:_MOST_READ].decode("utf-8", "replace")
    values = (str(value) for (location, _), value in draft.parameters.items() if location is ParameterLocation.PATH)
    return any(re.search(rf"(?<!\w){re.escape(value)} is no(?:t|\b)", text) for value in values if len(value) > 1)


def _is_named(change: Change, refused: Exchanged) -> bool:
    """Return whether a refusal names the place of a step: the last name of its pointer."""
    response = refused.received.response
    names = [token for token in change.where[1:] if array_index(token) is None]
    if response is None or not names:
        return False
    text = response.body[:_MOST_READ].decode("utf-8", "replace").lower()
    return re.search(rf"(?<![a-z0-9]){re.escape(names[-1].lower())}(?![a-z0-9])", text) is not None


def check_example(session: Asking, exchanged: Exchanged) -> Iterator[Verdict]:
    """Check that a documented example is accepted; 422 may be business, and the rest of the request may be at fault."""
    if exchanged.status in _SYNTAX:
        message = f"{exchanged.status} to the documented example ({exchanged.probe.what})"
        certain = exchanged.status == 400 and _is_vouched_for(session.subject, exchanged.probe)  # noqa: PLR2004 - see above
        yield _verdict(session, exchanged, message, doubtful=not certain)


def _is_vouched_for(subject: OperationUnderTest, probe: Probe) -> bool:
    """
    Return whether all parameters of a request have values that the document shows.

    A thing that is known to exist is no such value: what it refuses may depend on what it is.
    """
    sent = probe.draft.parameters if probe.draft is not None else {}
    return all(
        parameter.examples for parameter in subject.operation.parameters if (parameter.location, parameter.name) in sent
    )


def _is_hostile(change: Change) -> bool:
    """Return whether a step puts a control character or half of a surrogate pair somewhere, which many refuse."""
    todo: list[JsonValue] = [None if isinstance(change.part, Missing) else change.part]
    while todo:
        value = todo.pop()
        if isinstance(value, str) and any(unicodedata.category(each) in {"Cc", "Cs"} for each in value):
            return True
        if isinstance(value, dict):
            todo += [*value, *value.values()]
        elif isinstance(value, list):
            todo += value
    return False


def _verdict(
    session: Asking,
    exchanged: Exchanged,
    message: str,
    *,
    doubtful: bool,
    change: Change | None = None,
    rule: str = "response-valid-refused",
) -> Verdict:
    place = change.place if change is not None else None
    finding = session.finding(rule, message, place, change.where if change is not None else None)
    cause = (change.keyword,) if change is not None else (str(exchanged.status),)
    return Verdict(_NAME, finding, doubtful=doubtful, cause=cause)


CHECKS: Final = (
    Check(_NAME, "a request that keeps to the document is accepted", needs="no request was sent that keeps to it"),
)
