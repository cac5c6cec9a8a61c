"""
Refusing a request in the document's own words.

A documented error response is filled with what is wrong: the message goes where the schema has a place for one, the
rule where it has a code, and a list of errors gets an item for each violation. Every change is judged; one that would
break the schema is taken back.
"""

import copy
from collections.abc import Callable, Sequence

from mock_server.findings import Finding
from mock_server.json_values import JsonObject, JsonValue, format_pointer
from mock_server.names import split_words

MESSAGE_WORDS = frozenset(
    ("message", "detail", "details", "description", "error", "msg", "reason", "text", "title", "explanation", "info")
)
_CODE_WORDS = frozenset(("code", "type", "rule", "key", "kind"))
_PLACE_WORDS = frozenset(
    (
        "field",
        "path",
        "pointer",
        "location",
        "param",
        "parameter",
        "property",
        "name",
        "target",
        "source",
        "attribute",
        "loc",
    )
)
_LIST_WORDS = frozenset(("errors", "violations", "details", "issues", "problems", "messages", "failures", "causes"))

_Accept = Callable[[JsonValue], bool]


def word_refusal(value: JsonValue, findings: Sequence[Finding], accept: _Accept) -> JsonValue:
    """
    Say what is wrong in a value of a documented error response.

    Args:
        value: A conforming value: an example, or generated.
        findings: What is wrong with the request.
        accept: Judges a value by the schema of the response.

    Returns:
        The value, changed where the schema lets it be; always one that is accepted, if the given one was.
    """
    if not findings:
        return value
    value = copy.deepcopy(value)
    targets = [value] if isinstance(value, dict) else []
    if isinstance(value, list) and value and isinstance(value[0], dict):
        targets = [value[0]]
    for target in targets:
        inner = [
            member
            for name, member in target.items()
            if isinstance(member, dict) and _is(name, frozenset(("error", "fault", "problem")))
        ]
        for holder in (target, *inner):
            if isinstance(holder, dict):
                _fill(value, holder, findings, accept)
    return value


def _fill(whole: JsonValue, holder: JsonObject, findings: Sequence[Finding], accept: _Accept) -> None:
    text = "; ".join(dict.fromkeys(finding.message for finding in findings))
    for name, member in list(holder.items()):
        if isinstance(member, str) and _is(name, MESSAGE_WORDS):
            _change(whole, holder, name, text, accept)
        elif isinstance(member, str) and _is(name, _CODE_WORDS):
            _change(whole, holder, name, findings[0].rule, accept)
        elif isinstance(member, list) and name.lower() in _LIST_WORDS:
            _change(whole, holder, name, _listed(member, findings), accept)


def _listed(items: list[JsonValue], findings: Sequence[Finding]) -> list[JsonValue]:
    """Return one item for each finding, shaped like the items that are there."""
    shape = items[0] if items else None
    if isinstance(shape, dict):
        return [_item(shape, finding) for finding in findings]
    return [finding.message for finding in findings]


def _item(shape: JsonObject, finding: Finding) -> JsonValue:
    item = dict(shape)
    for name, member in shape.items():
        if not isinstance(member, str):
            continue
        if _is(name, MESSAGE_WORDS):
            item[name] = finding.message
        elif _is(name, _PLACE_WORDS):
            item[name] = format_pointer(finding.instance or ())
        elif _is(name, _CODE_WORDS):
            item[name] = finding.rule
    return item


def _change(whole: JsonValue, holder: JsonObject, name: str, value: JsonValue, accept: _Accept) -> None:
    before = holder[name]
    holder[name] = value
    if not accept(whole):
        holder[name] = before


def _is(name: str, words: frozenset[str]) -> bool:
    return bool(words & set(split_words(name)[-1:]))
