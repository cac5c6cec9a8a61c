"""
Coherence: do the values of an answer agree with the request, and with each other?

Only what leaves no room is said: the id in the path is the id of what comes, a page is not larger than asked for, a
total is not smaller than what it counts.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.checks import Asking, Check, ExchangeUnderCheck
from mock_server.contract.knowledge.observed import find_id, json_of, other_ids
from mock_server.contract.model import Exchanged, Intent, Verdict
from mock_server.document.document import template_names
from mock_server.document.model import ParameterLocation
from mock_server.errors import UndefinedSerialization
from mock_server.exchange.message import find_field
from mock_server.findings import Finding
from mock_server.generate.request import ParameterKey, RequestDraft
from mock_server.json_values import JsonObject, JsonValue, Pointer
from mock_server.names import split_words
from mock_server.schema.dialect import Direction, Purpose

_LIMITS: Final = frozenset(("limit", "perpage", "pagesize", "maxresults", "top", "take", "pagelimit", "size", "count"))
_STARTS: Final = frozenset(
    ("offset", "skip", "page", "pagenumber", "cursor", "start", "after", "before", "pagetoken", "startafter", "from")
)
_SKIPPED: Final = frozenset(("offset", "skip", "start", "startindex", "from"))  # starts that count items
_NUMBERED: Final = frozenset(("page", "pagenumber"))  # starts that count pages, the first of which may be 0 or 1
_TOTALS: Final = frozenset(("total", "totalcount", "totalitems", "totalresults", "totalelements"))
_ECHOING: Final = frozenset(("GET", "PUT", "PATCH"))
_TOTAL_FIELDS: Final = (b"x-total-count", b"x-total")


def _check(context: ExchangeUnderCheck) -> Iterator[Verdict] | None:
    """Compare the answer to a good request with the request and with itself."""
    if context.probe.intent is not Intent.CONFORMING or context.probe.draft is None:
        return None
    if context.response is None or not context.exchanged.accepted or context.exchanged.received.cut:
        return None
    return check_coherence(context.subject, context.exchanged)


def check_coherence(subject: OperationUnderTest, exchanged: Exchanged) -> Iterator[Verdict]:
    """Compare an answer of success with its request and with itself."""
    response, draft = exchanged.received.response, exchanged.probe.draft
    if response is None or draft is None or not exchanged.accepted or exchanged.received.cut:
        return
    body = json_of(response)
    yield from _echoed(subject, draft, body)
    found = _list_in(body)
    if found is None or subject.operation.method != "GET":
        return
    pointer, items = found
    limit = _number(draft, _LIMITS)
    if limit is not None and limit > 0 and len(items) > limit and _is_page(subject):
        yield _verdict(
            subject, f"{len(items)} items came where at most {limit} were asked for", ("body", *pointer), "limit"
        )
    wrapper = body if isinstance(body, dict) else {}
    totals = [(("body", name), value) for name, value in wrapper.items() if _words(name) in _TOTALS]
    written = next((value for name in _TOTAL_FIELDS if (value := find_field(response.fields, name)) is not None), None)
    if written is not None and written.isdigit():
        totals.append((("headers", "x-total-count"), int(written)))
    for where, total in totals:
        if isinstance(total, int) and not isinstance(total, bool):
            yield from _total(subject, draft, where, total, len(items), limit)


def _total(
    subject: OperationUnderTest, draft: RequestDraft, where: Pointer, total: int, count: int, limit: int | None
) -> Iterator[Verdict]:
    if total < count:
        yield _verdict(subject, f"the total is {total}, but {count} items came", where, "total", "small")
        return
    starts = {
        name
        for (location, name), _ in draft.parameters.items()
        if location is ParameterLocation.QUERY and _words(name) in _STARTS
    }
    filters_only_limit = all(
        location is not ParameterLocation.QUERY or _words(name) in _LIMITS for location, name in draft.parameters
    )
    pages = _is_page(subject)
    everything = not pages or (limit is not None and count < limit)
    if not starts and filters_only_limit and everything and total != count:
        # a provider may hand out fewer than were asked for: whether all came is known where the next page is empty
        doubtful = next_page(subject, draft, count) is None
        message = f"the total is {total}, but all {count} items came"
        yield replace(_verdict(subject, message, where, "total"), doubtful=doubtful)


def next_page(subject: OperationUnderTest, draft: RequestDraft, count: int) -> RequestDraft | None:
    """
    Make the request for what follows the first items.

    Args:
        subject: The operation.
        draft: What was asked.
        count: How many items came.

    Returns:
        The request; None where the document has no number that says where a page starts.
    """
    for parameter in subject.operation.parameters:
        key, word = (parameter.location, parameter.name), _words(parameter.name)
        if parameter.location is ParameterLocation.QUERY and parameter.schema is not None:
            if word in _SKIPPED:
                return draft.with_parameter(key, count)
            if word in _NUMBERED:
                return draft.with_parameter(key, 2)
    return None


def count_items(exchanged: Exchanged) -> int | None:
    """Return how many items the list of an answer has; None where there is no list."""
    response = exchanged.received.response
    found = _list_in(json_of(response)) if response is not None and exchanged.accepted else None
    if found is None:
        return None
    return len(found[1])


def _limit_ignored(session: Asking, base: Exchanged, _again: Exchanged) -> None:
    """Check that a documented limit of a page is obeyed: one item is asked for where several came."""
    subject, draft, count = session.subject, base.probe.draft, count_items(base)
    limit = largest_page(subject)
    if draft is None or limit is None or count is None or count <= 1:
        return
    asked = draft.with_parameter(limit[0], 1)
    try:
        request = subject.write(asked)
    except UndefinedSerialization:
        return
    if subject.classify(request).intent is Intent.CONFORMING:
        session.send(replace(base.probe, request=request, draft=asked, what="one item", keyword=""))


def _is_page(subject: OperationUnderTest) -> bool:
    """Return whether the operation hands out pages: a limit and where to start, or a limit of that very name."""
    names = {_words(p.name) for p in subject.operation.parameters if p.location is ParameterLocation.QUERY}
    return bool(names & (_LIMITS - {"size", "count"})) or bool(names & _LIMITS and names & _STARTS)


def largest_page(subject: OperationUnderTest) -> tuple[ParameterKey, int] | None:
    """Return the parameter that limits a page, and the greatest page that it documents; 100 where it documents none."""
    if subject.operation.method != "GET" or not _is_page(subject):
        return None
    for parameter in subject.operation.parameters:
        if (
            parameter.location is ParameterLocation.QUERY
            and _words(parameter.name) in _LIMITS
            and parameter.schema is not None
        ):
            outline = subject.api.kit.outline(parameter.schema, Direction.REQUEST, Purpose.JUDGE)
            most = outline.annotation("maximum")
            return (parameter.location, parameter.name), most if isinstance(most, int) and most < 2**31 - 1 else 100
    return None


def _echoed(subject: OperationUnderTest, draft: RequestDraft, body: JsonValue) -> Iterator[Verdict]:
    """Check that the id that ends the path is the id of what comes."""
    template = subject.entry.template
    names = template_names(template)
    if (
        subject.operation.method not in _ECHOING
        or not names
        or not template.endswith("{" + names[-1] + "}")
        or not isinstance(body, dict)
    ):
        return
    name = names[-1]
    asked = draft.parameters.get((ParameterLocation.PATH, name))
    words = split_words(name)
    if asked is None or not words or (words[-1] not in {"id", "uuid"} and name not in body):
        return
    said = find_id(body, name)
    if said is None or (type(said) is not type(asked) and str(said).isdigit() != str(asked).isdigit()):
        return
    sent = draft.body.values() if isinstance(draft.body, dict) else ()
    named = (*other_ids(body, said).values(), said)  # it may be asked for by its name
    is_meant = _plain(asked) in map(_plain, named) or _plain(said) in map(_plain, sent)  # or be called otherwise now
    if not is_meant and not _renames(draft, asked):
        message = f"{said!r} came where {name} {asked!r} was asked for"
        yield _verdict(subject, message, ("body", _member(body, said)), "echo")


def _renames(draft: RequestDraft, asked: JsonValue) -> bool:
    """Return whether a change gives another name to what its path calls by a name: no number, and no UUID."""
    is_name = isinstance(asked, str) and not asked.isdigit() and re.fullmatch(r"[0-9a-fA-F-]{32,36}", asked) is None
    sent = draft.body if isinstance(draft.body, dict) else None
    return is_name and draft.operation.method in {"PUT", "PATCH"} and bool(other_ids(sent, asked))


def _plain(value: JsonValue) -> str:
    """Return a name without what providers change in it: its case, and a dot at its end."""
    return str(value).lower().rstrip(".")


def _member(body: JsonObject, value: JsonValue) -> str:
    return next((name for name, member in body.items() if member == value), "id")


def _list_in(body: JsonValue) -> tuple[Pointer, list[JsonValue]] | None:
    """Return the list that an answer is about: the body, or the only list of objects in it."""
    if isinstance(body, list):
        return (), body
    if not isinstance(body, dict):
        return None
    lists = [(name, value) for name, value in body.items() if isinstance(value, list)]
    if len(lists) == 1:
        return ((lists[0][0],), lists[0][1])
    return None


def _number(draft: RequestDraft, names: frozenset[str]) -> int | None:
    for (location, name), value in draft.parameters.items():
        if (
            location is ParameterLocation.QUERY
            and _words(name) in names
            and isinstance(value, int)
            and not isinstance(value, bool)
        ):
            return value
    return None


def _words(name: str) -> str:
    return "".join(split_words(name))


def _verdict(subject: OperationUnderTest, message: str, where: Pointer, *cause: str) -> Verdict:
    place = subject.entry.node.place
    finding = Finding(
        rule="response-value-incoherent", message=message, place=place, instance=where, operation=subject.entry.id
    )
    return Verdict("coherence", finding, cause=cause)


CHECKS: Final = (
    Check(
        "coherence",
        "ids are echoed, totals and page sizes are right",
        run=_check,
        follow=_limit_ignored,
        needs="no good request was answered with success",
        needs_state=True,
    ),
)
