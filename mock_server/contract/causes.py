"""
One cause, one finding: what several operations do wrong in the same way is said once, with the operations listed.

A framework that answers each error as text, or a middleware that asks for no credentials, is one mistake however many
operations show it. What an operation gets wrong by itself, such as a server error, stays apart.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce
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
_PROPERTY: Final = "response-property-undocumented"
_MOST_NAMED: Final = 12  # properties
# A moment that is written in another way is what a serializer does, whatever schema and property it is of.
_MOMENT: Final = re.compile(r'"([^"]*)" is not an? "(date-time|date|time|duration)"')
_FRACTION: Final = re.compile(r"\.\d+")
_NUMBERS: Final = re.compile(r"\d+")
_POINTER: Final = re.compile(r" at /\S*(?=:)")


def group_incidents(incidents: Iterable[Incident]) -> list[Incident]:
    """
    Join incidents of one cause: by check, rule, status and the shape of the message.

    The first one stands for all of them; it keeps its id, and has the others.
    """
    found: dict[tuple[object, ...], Incident] = {}
    for incident in incidents:
        key = _cause_of(incident)
        first = found.get(key)
        if first is None:
            found[key] = incident
        elif "missing" in incident.cause and "missing" not in first.cause:
            found[key] = _join(incident, first)  # the clearer one
        else:
            found[key] = _join(first, incident)
    return list(_join_properties(found.values()))


def _join_properties(incidents: Iterable[Incident]) -> Iterator[Incident]:
    """Join undocumented properties of one object at the same operations."""
    found: dict[tuple[object, ...], list[Incident]] = {}
    for incident in incidents:
        key: tuple[object, ...] = (incident.id, incident.doubtful)
        if incident.finding.rule == _PROPERTY:
            parent = without_indices(incident.finding.instance or ())[:-1]
            key = (incident.shown_by, parent, incident.doubtful, incident.accepted)
        found.setdefault(key, []).append(incident)
    for first, *others in found.values():
        if others:
            joined = reduce(_join, others, first)
            yield replace(joined, finding=first.finding._replace(message=_listed(first, others)))
        else:
            yield first


def _listed(first: Incident, others: list[Incident]) -> str:
    names = [(each.finding.instance or ("",))[-1] for each in (first, *others)]
    shown = ", ".join(repr(name) for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    place = "/".join((first.finding.instance or ())[1:-1])
    return f"the body{' at /' + place if place else ''}: the properties {shown}{more} are not documented"


def _join(first: Incident, second: Incident) -> Incident:
    """Return the first one as what stands for both."""
    second_alone = replace(second, others=())
    return replace(first, seen=first.seen + second.seen, others=(*first.others, second_alone, *second.others))


def _cause_of(incident: Incident) -> tuple[object, ...]:
    """Return what incidents of one cause have in common."""
    finding = incident.finding
    if finding.rule not in _SHARED:
        return (incident.id, incident.doubtful)
    common: tuple[object, ...] = (incident.check, finding.rule, incident.doubtful, incident.accepted, incident.cause)
    moment = _MOMENT.search(finding.message) if finding.rule in _BY_SCHEMA else None
    if moment is not None:
        return (*common, moment[2], _NUMBERS.sub("#", _FRACTION.sub("", moment[1])))
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
