"""
One cause, one finding: what several operations do wrong in the same way is said once, with the operations listed.

A framework that answers each error as text, or a middleware that asks for no credentials, is one mistake however many
operations show it. What an operation gets wrong by itself, such as a server error, stays apart.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from mock_server.contract.model import Incident, without_indices

# Rules of what frameworks, middleware and shared schemas decide for many operations at once.
_SHARED: Final = frozenset(
    (
        "response-auth-ignored",
        "response-body-malformed",
        "response-body-missing",
        "response-body-schema",
        "response-body-unexpected",
        "response-charset-undocumented",
        "response-content-undocumented",
        "response-head-differs",
        "response-header-missing",
        "response-header-schema",
        "response-header-unneeded",
        "response-invalid-accepted",
        "response-media-type-undocumented",
        "response-method-undocumented",
        "response-property-undocumented",
        "response-status-undocumented",
        "response-valid-refused",
        "response-variant-refused",
    )
)
_BY_STATUS: Final = frozenset(("response-media-type-undocumented", "response-status-undocumented"))
_BY_SCHEMA: Final = frozenset(("response-body-schema", "response-header-schema"))
_LISTED: Final = re.compile(r"; documented are .*|, which .* does not document|^\d{3}(?= )", re.DOTALL)
_NUMBERS: Final = re.compile(r"\d+")
_POINTER: Final = re.compile(r" at /\S*(?=:)")


def group_incidents(incidents: Iterable[Incident]) -> list[Incident]:
    """
    Join incidents of one cause: by check, rule, status and the shape of the message.

    The first one stands for all of them; it keeps its id, and lists the operations and the ids of all.
    """
    found: dict[tuple[object, ...], Incident] = {}
    for incident in incidents:
        key = _cause_of(incident)
        first = found.get(key)
        if first is None:
            found[key] = replace(incident, operations=incident.shown_by, ids=_ids(incident))
        else:
            clearer = "missing" in incident.cause and "missing" not in first.cause
            found[key] = replace(
                incident if clearer else first,
                seen=first.seen + incident.seen,
                operations=tuple(dict.fromkeys((*first.operations, *incident.shown_by))),
                ids=(*first.ids, *_ids(incident)),
            )
    return list(found.values())


def _ids(incident: Incident) -> tuple[str, ...]:
    return incident.ids or (incident.id,)


def _cause_of(incident: Incident) -> tuple[object, ...]:
    """Return what incidents of one cause have in common."""
    finding = incident.finding
    if finding.rule not in _SHARED:
        return (incident.id, incident.doubtful)
    common: tuple[object, ...] = (incident.check, finding.rule, incident.doubtful, incident.accepted, incident.cause)
    if finding.rule in _BY_SCHEMA and finding.place is not None:
        if finding.place.pointer[:1] == ("components",):
            return (*common, finding.place)
        where = without_indices(finding.instance or ())
        return (*common, incident.exchanged.status, finding.place.pointer[-2:], where)
    if finding.rule in _BY_STATUS:
        common = (*common, incident.exchanged.status)
    if finding.rule == "response-auth-ignored":
        return common[:-1]  # who asks for no credentials looks at none
    return (*common, _shape(finding.message))


def _shape(message: str) -> str:
    """Return a message without what differs from operation to operation: numbers, places, what is documented."""
    return _NUMBERS.sub("#", _POINTER.sub("", _LISTED.sub("", message)))
