"""Two documents, compared: operations in pairs, part by part, then what concerns the documents as a whole."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from mock_server.diff.addresses import compare_address, has_moved, is_of_prefix
from mock_server.diff.answers import compare_answers
from mock_server.diff.bodies import compare_request_bodies
from mock_server.diff.context import UNSTABLE, DiffContext, DocumentSide, OperationPair, stability_of
from mock_server.diff.model import ComparedDocuments, ComparedPlace, DiffVerdict, DocumentChange, Witness
from mock_server.diff.notes import iter_endings
from mock_server.diff.pairs import PairedEntry, Pairing, pair_entries
from mock_server.diff.parameters import compare_parameters
from mock_server.diff.policy import MessagePolicy
from mock_server.diff.security import compare_logins, compare_security
from mock_server.document.document import Document
from mock_server.document.lifetimes import find_sunset
from mock_server.document.model import Callback, Entry
from mock_server.document.references import Node
from mock_server.findings import Level, make_tool_finding
from mock_server.json_values import JsonObject, Progress
from mock_server.schema.dialect import Direction
from mock_server.settings import Settings

_NUMBER: Final = re.compile(r"\d+")
_RANKS: Final = {level: rank for rank, level in enumerate(("draft", "alpha", "beta", "stable"))}  # of stability
_AROUND: Final = ("security", "securityDefinitions", "consumes", "produces")  # of a document: hold for all operations


def compare_documents(
    old: Document,
    new: Document,
    settings: Settings,
    *,
    policy: MessagePolicy = MessagePolicy(),  # noqa: B008 - frozen
    levels: Mapping[str, Level] | None = None,
    today: date | None = None,
    progress: Progress = lambda done, total, what: None,
) -> ComparedDocuments:
    """
    Compare two documents.

    Args:
        old: What clients rely on.
        new: What is to take its place.
        settings: Of generated values.
        policy: Which messages are compared.
        levels: The severity of rules, where not the usual one.
        today: The day for which it is decided whether a sunset has come.
        progress: Called with the progress of the work.
    """
    context = DiffContext(DocumentSide(old, settings), DocumentSide(new, settings), policy, levels or {})
    pairing = pair_entries(old.entries, new.entries)
    changes: list[DocumentChange] = []
    compared = differing = 0
    for index, pair in enumerate(pairing.pairs):
        progress(index, len(pairing.pairs), pair.old.title)
        looked_at = _open_pair(context, pair, is_sent=False)
        if looked_at is not None:
            compare_operation(looked_at)
            compare_address(looked_at, pairing.moved)
            changes += looked_at.changes
            compared += looked_at.compared
            differing += 1
    for entry in pairing.removed:
        changes += _remove(context, entry, today or date.today())  # noqa: DTZ011 - a day is announced without a zone
    changes += _compare_callbacks(context, old.webhooks, new.webhooks, None)
    changes += _compare_whole(context, pairing)
    changes += compare_logins(context)
    if any(change.verdict is DiffVerdict.BREAKING for change in changes) and not _is_raised(old, new):
        changes.append(_note_version(context))
    return ComparedDocuments(
        old=old,
        new=new,
        changes=tuple(changes),
        compared=compared,
        operations=len(pairing.pairs),
        differing=differing,
        added=tuple(entry.title for entry in pairing.added),
    )


def _open_pair(context: DiffContext, pair: PairedEntry, *, is_sent: bool) -> OperationPair | None:
    """Read an operation of both documents; None where both say the same of it."""
    old, new = pair.old, pair.new
    if (
        old.title == new.title
        and context.unchanged.holds(old.node, new.node)
        and _is_around_unchanged(context, old, new)
    ):
        return None
    return OperationPair(context, context.old.document.operation(old), context.new.document.operation(new), is_sent)


def _is_around_unchanged(context: DiffContext, old: Entry, new: Entry) -> bool:
    """Return whether what holds for an operation without standing in it is the same."""
    before, after = context.old.document, context.new.document
    pairs = [(old.path_item, new.path_item, "parameters")]
    pairs += [(before.root, after.root, key) for key in _AROUND]
    for one, other, key in pairs:
        if not _is_member_unchanged(context, one, other, key):
            return False
    return _is_member_unchanged(context, _components(before), _components(after), "securitySchemes")


def _components(document: Document) -> Node:
    root = document.root
    if isinstance(root.value, dict) and isinstance(root.value.get("components"), dict):
        return root.child("components")
    return Node({}, document.resource)


def _is_member_unchanged(context: DiffContext, old: Node, new: Node, key: str) -> bool:
    one = old.value.get(key) if isinstance(old.value, dict) else None
    other = new.value.get(key) if isinstance(new.value, dict) else None
    if one is None or other is None:
        return one is other
    return context.unchanged.holds(old.child(key), new.child(key))


def compare_operation(pair: OperationPair) -> None:
    """Compare an operation, part by part; a fault of ours at one part leaves the others alone."""
    for compare in _PARTS:
        try:
            compare(pair)
        except Exception as error:  # noqa: BLE001 - a fault of ours at one part: the others are compared all the same
            finding = make_tool_finding(error, f"comparing {pair.title}", pair.new.entry.node.place, pair.old.id)
            pair.add(
                finding.rule,
                finding.message,
                pair.place(None),
                new=pair.new.entry.node,
                verdict=DiffVerdict.UNKNOWN,
                reason="a fault of mock-server",
            )
    pair.changes += _compare_callbacks(pair.context, pair.old.callbacks, pair.new.callbacks, pair)


def _compare_words(pair: OperationPair) -> None:
    """Compare what is said of an operation: its name, whether it is deprecated, how stable it is."""
    old, new = pair.old.entry, pair.new.entry
    place = pair.place(None)
    if "operationId" in _members(old.node) and old.id != new.id:
        message = f"the operationId {old.id!r} is {new.id!r} now"
        pair.add("diff-operation-renamed", message, place, old=old.node, new=new.node)
    for rule, message in iter_endings(old.node, new.node, "operation"):
        pair.add(rule, message, place, old=old.node, new=new.node)
    levels = [stability_of(node) for node in (old.node, new.node)]
    known = [_RANKS.get(level, len(_RANKS)) for level in levels]
    if known[1] < known[0]:
        message = f"the operation is {levels[1]} now; it was {levels[0] or 'stable'}"
        pair.add("diff-stability-lowered", message, place, old=old.node, new=new.node)


_PARTS: Final[tuple[Callable[[OperationPair], None], ...]] = (
    _compare_words,
    compare_security,
    compare_parameters,
    compare_request_bodies,
    compare_answers,
)


def _members(node: Node) -> JsonObject:
    if isinstance(node.value, dict):
        return node.value
    return {}


def _remove(context: DiffContext, entry: Entry, today: date) -> Iterator[DocumentChange]:
    """Note an operation that is gone."""
    operation = context.old.document.operation(entry)
    pair = OperationPair(context, operation, operation)
    place = pair.place(None)
    where = context.new.document.root
    sunset = find_sunset(entry.node)
    if entry.deprecated and sunset is not None and sunset <= today:
        pair.add(
            "diff-operation-removed",
            f"the operation is gone; its end was announced for {sunset}",
            place,
            old=entry.node,
            new=where,
            verdict=DiffVerdict.CHANGED,
        )
    elif stability_of(entry.node) in UNSTABLE:
        message = f"the operation is gone; it was {stability_of(entry.node)}"
        pair.add("diff-operation-removed", message, place, old=entry.node, new=where, verdict=DiffVerdict.CHANGED)
    else:
        request = pair.witness_request()
        known = sorted({each.method for each in context.new.document.entries if each.template == entry.template})
        reason = f"{entry.template} takes {', '.join(known)} only" if known else f"there is no path {entry.template}"
        witness = Witness(request=request, origin=context.old.origin, reasons=(reason,))
        rule, message = "diff-operation-removed", "the operation is gone"
        if entry.deprecated and sunset is not None:
            rule, message = "diff-sunset-early", f"the operation is gone before {sunset}, for which it was announced"
        pair.add(rule, message, place, old=entry.node, new=where, witness=witness)
    for change in pair.changes:
        yield _at_note(change) if change.verdict is DiffVerdict.CHANGED else change


def _at_note(change: DocumentChange) -> DocumentChange:
    values = {name: getattr(change, name) for name in DocumentChange.__dataclass_fields__}
    return DocumentChange(**{**values, "level": Level.NOTE})


def _compare_callbacks(
    context: DiffContext, old: Iterable[Callback], new: Iterable[Callback], around: OperationPair | None
) -> list[DocumentChange]:
    """Compare what the provider sends by itself: the directions are swapped."""
    before, after = _callbacks_by_key(old), _callbacks_by_key(new)
    left = {(name, method): key for key in after.keys() - before.keys() for name, _, method in (key,)}
    changes: list[DocumentChange] = []
    for key, entry in before.items():
        name, expression, method = key
        counterpart = key if key in after else left.pop((name, method), None)
        if counterpart is None:
            changes.append(_note_callback(context, "diff-callback-removed", entry, name, around, "is sent no more"))
            continue
        if counterpart != key:
            said = f"goes to {counterpart[1]} now, not to {expression}"
            changes.append(_note_callback(context, "diff-callback-removed", entry, name, around, said))
        other = after.pop(counterpart)
        both = (entry.node.key, other.node.key)
        if both in context.seen_callbacks:
            continue
        context.seen_callbacks.add(both)
        pair = _open_pair(context, PairedEntry(entry, other), is_sent=True)
        if pair is not None:
            compare_operation(pair)
            changes += pair.changes
    for (name, _, _), entry in after.items():
        changes.append(_note_callback(context, "diff-callback-added", entry, name, around, "is new"))
    return changes


def _callbacks_by_key(callbacks: Iterable[Callback]) -> dict[tuple[str, str, str], Entry]:
    """Return what is sent by name, the expression of its URL and method."""
    return {
        (callback.name, callback.expression, entry.method): entry
        for callback in callbacks
        for entry in callback.entries
    }


def _note_callback(
    context: DiffContext, rule: str, entry: Entry, name: str, around: OperationPair | None, said: str
) -> DocumentChange:
    removed = rule == "diff-callback-removed"
    side = context.old if removed else context.new
    operation = side.document.operation(entry)
    pair = OperationPair(context, operation, operation, is_sent=True)
    witness = None
    if removed:
        request = side.write(side.draft(operation))
        witness = Witness(request=request, reasons=(f"in the new document it {said}",))
    word = "callback" if around is not None else "webhook"
    where = around.new.entry.node if around is not None else context.new.document.root
    pair.add(
        rule,
        f"the {word} {name!r} {said}",
        pair.place(Direction.REQUEST),
        old=entry.node if removed else None,
        new=where if removed else entry.node,
        witness=witness,
    )
    return pair.changes[0]


def _compare_whole(context: DiffContext, pairing: Pairing) -> Iterator[DocumentChange]:
    """Compare what concerns the documents as a whole: servers, and a prefix that moved."""
    place = ComparedPlace(operation="", title="", direction=None)
    old, new = context.old.document, context.new.document
    if pairing.moved is not None:
        before, after = (prefix or "/" for prefix in pairing.moved)
        of_prefix = (pair for pair in pairing.pairs if is_of_prefix(pair, pairing.moved))
        first = next(
            (pair for pair in of_prefix if has_moved(old.operation(pair.old), new.operation(pair.new), old, new)), None
        )
        if first is not None:
            side = context.old
            request = side.write(side.draft(old.operation(first.old)))
            yield DocumentChange(
                rule="diff-prefix-moved",
                verdict=DiffVerdict.BREAKING,
                level=context.level("diff-prefix-moved"),
                message=f"operations moved from {before} to {after}",
                place=place,
                old=first.old.node.place,
                new=first.new.node.place,
                witness=Witness(
                    request=request, origin=side.origin, reasons=(f"its path is {first.new.template} now",)
                ),
            )
    kept = {server.url.rstrip("/") for server in new.servers}
    for server in old.servers:
        if server.url.rstrip("/") not in kept:
            yield DocumentChange(
                rule="diff-server-removed",
                verdict=DiffVerdict.CHANGED,
                level=context.level("diff-server-removed"),
                message=f"the server {server.url} is documented no more",
                place=ComparedPlace(operation="", title="", direction=None, part=("servers", server.url)),
                old=old.root.place,
                new=new.root.place,
            )


def _is_raised(old: Document, new: Document) -> bool:
    """Return whether the new version is a higher one; True where it is not known."""
    before, after = (list(map(int, _NUMBER.findall(document.api_version)))[:4] for document in (old, new))
    if not before or not after:
        return old.api_version != new.api_version
    return after > before


def _note_version(context: DiffContext) -> DocumentChange:
    old, new = context.old.document, context.new.document
    place = ComparedPlace(operation="", title="", direction=None, part=("info", "version"))
    if old.api_version == new.api_version:
        said = f"is still {new.api_version!r}"
    else:
        said = f"was {old.api_version!r} and is {new.api_version!r}"
    return DocumentChange(
        rule="diff-version-not-raised",
        verdict=DiffVerdict.CHANGED,
        level=context.level("diff-version-not-raised"),
        message=f"the version {said}, though there is a breaking change",
        place=place,
        old=old.root.place,
        new=new.root.place,
    )
