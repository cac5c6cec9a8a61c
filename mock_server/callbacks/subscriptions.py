"""
Subscriptions: receivers that clients register by the document's own operations, and the events that they ask for.

An item of a collection of webhooks, hooks, subscriptions or callbacks that has a URL is a subscription, for as long as
it is there, and not past the end that it names. What others do to other resources of its world is sent to it.
"""

import contextlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from mock_server.document.model import Callback, Operation
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.names import joined, singular, split_words
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import World
from mock_server.state.resources import Action, Resource
from mock_server.state.source import StateSource

_SUBSCRIBING: Final = frozenset(("webhook", "hook", "subscription", "callback", "subscriber", "listener"))
_URLS: Final = (
    "url", "callbackurl", "webhookurl", "endpointurl", "targeturl", "notificationurl", "hookurl", "deliveryurl",
    "endpoint", "target", "address", "uri", "callbackuri", "sink", "callback",
)  # fmt: skip
_SECRETS: Final = ("secret", "signingsecret", "webhooksecret", "sharedsecret", "signingkey", "clientstate")
_EVENTS: Final = (
    "events", "enabledevents", "eventtypes", "eventtype", "event", "topics", "topic", "types", "triggers",
    "subscribedevents", "changetype",
)  # fmt: skip
_ENDS: Final = ("expiresat", "expirationdatetime", "expirationdate", "expires", "expiry", "validuntil")
_SWITCHES: Final = ("active", "enabled", "isactive", "isenabled")
_INSIDE: Final = ("config", "configuration", "channel", "destination", "delivery", "endpoint", "attributes", "data")
_MOST_NOTED: Final = 1_000  # subscriptions
_MOST: Final = 100  # subscriptions of a collection that are told of one change
_VERBS: Final[Mapping[Action, frozenset[str]]] = {
    Action.CREATE: frozenset(("created", "create", "added", "add", "new", "inserted", "posted", "opened")),
    Action.REPLACE: frozenset(("updated", "update", "changed", "change", "modified", "edited", "replaced")),
    Action.REMOVE: frozenset(
        ("deleted", "delete", "removed", "remove", "destroyed", "cancelled", "canceled", "closed")
    ),
}
_PAST: Final = {Action.CREATE: "created", Action.REPLACE: "updated", Action.REMOVE: "deleted"}
_ALL_VERBS: Final = frozenset().union(*_VERBS.values())
_SAID_ANYWAY: Final = frozenset(("event", "on", "after", "api", "v1", "v2"))


@dataclass(frozen=True, slots=True)
class StateChange:
    """A change of an item that state keeps."""

    action: Action  # CREATE, REPLACE or REMOVE
    nouns: frozenset[str]
    name: str  # as in `order.created`
    item: JsonObject

    def is_named(self, text: str, *, fully: bool = False) -> bool:
        """
        Check whether a text names the change.

        Args:
            text: The name of an event: `order.created`, `OrderCreated`, `orders`, `*`.
            fully: Whether both what happened and to what has to be named.
        """
        if text in {"*", "all"}:
            return not fully
        words = set(split_words(text)) - _SAID_ANYWAY
        verbs = words & _ALL_VERBS
        rest = {singular(word) for word in words - verbs}
        says_what = bool(verbs & _VERBS[self.action])
        says_to_what = bool(rest) and rest <= self._words()
        if fully:
            return says_what and says_to_what
        return (says_what or not verbs) and (says_to_what or not rest) and bool(words)

    def _words(self) -> set[str]:
        return {singular(word) for noun in self.nouns for word in split_words(noun)}


class SentMembers:
    """
    The members that clients sent of their latest subscriptions.

    What the mock made up for the rest, such as `active: false`, is nobody's wish.
    """

    def __init__(self) -> None:
        self._names: OrderedDict[tuple[str, str], frozenset[str]] = OrderedDict()

    def note(self, world: str, body: JsonObject) -> None:
        """Note what a client sent to register, or to change, a subscription."""
        members = _members(body)
        url = _find_url(members)
        if url is not None:
            key = (world, url)
            self._names[key] = self._names.pop(key, frozenset()) | members.keys()
        while len(self._names) > _MOST_NOTED:
            self._names.popitem(last=False)

    def among(self, world: str, members: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Return the members that were sent; all of them where that is not known, as after a restart."""
        sent = self._names.get((world, _find_url(members) or ""))
        if sent is None:
            return members
        return {name: value for name, value in members.items() if name in sent}


class Subscriber(NamedTuple):
    """A receiver of an event, by its subscription."""

    url: str
    secret: str | None
    event: str  # the change in the words of the subscription
    callback: Callback | None  # that the document has for it


def find_change(responder: Responder, operation: Operation, item: JsonObject) -> StateChange | None:
    """
    Return what an operation that was carried out by state has changed.

    Args:
        responder: Of its document.
        operation: Which was answered.
        item: What the answer shows of the item.

    Returns:
        None where nothing was, or a subscription itself.
    """
    for state in _states(responder):
        resource, binding = state.inferred.by_entry.get(operation.id, (None, None))
        if resource is None or binding is None or is_subscription(resource):
            continue
        action = Action.REPLACE if binding.action is Action.CHANGE else binding.action
        if action not in _VERBS:
            continue
        noun = next(iter(sorted(resource.nouns, key=len)), resource.name)
        nouns = frozenset((*resource.nouns, noun))
        return StateChange(action, nouns, f"{'_'.join(map(singular, split_words(noun)))}.{_PAST[action]}", item)
    return None


def registers(responder: Responder, operation: Operation) -> bool:
    """Check whether an operation registers a subscription, or changes one."""
    bound = (state.inferred.by_entry.get(operation.id) for state in _states(responder))
    return any(each is not None and is_subscription(each[0]) for each in bound)


def has_subscriptions(responder: Responder) -> bool:
    """Check whether clients can register receivers."""
    return any(map(is_subscription, _resources(responder)))


def is_subscription(resource: Resource) -> bool:
    """Check whether the items of a resource may be subscriptions."""
    segments = [segment for segment in resource.template.split("/") if segment and "{" not in segment]
    words = {singular(word) for word in split_words(segments[-1])} if segments else set()
    return bool(words & _SUBSCRIBING) and Action.CREATE in resource.bindings


def find_subscribers(
    responder: Responder, world: World, variables: Mapping[str, str], change: StateChange, sent: SentMembers
) -> list[Subscriber]:
    """
    Find the receivers of a change. May wait for the store.

    Args:
        responder: Of the document.
        world: In which it happened.
        variables: Of the path of the request that caused it.
        change: What happened.
        sent: What clients sent of their subscriptions.
    """
    found: list[Subscriber] = []
    for state in _states(responder):
        for resource in filter(is_subscription, state.inferred.resources):
            with contextlib.suppress(KeyError):  # of a collection elsewhere
                path = state.document_state.path_of(resource.template, variables)
                # seeds are nobody's: their URLs were made up
                bodies = (each.body for each in state.store.all(world.name, path) if each.position >= 0)
                members = [sent.among(world.name, _members(body)) for body in bodies if body is not None]
                found += _read_all(resource, members, world.clock.now(), change)
    return found


def _states(responder: Responder) -> Iterator[StateSource]:
    return (source for source in responder.sources if isinstance(source, StateSource))


def _resources(responder: Responder) -> Iterator[Resource]:
    return (resource for state in _states(responder) for resource in state.inferred.resources)


def _read_all(
    resource: Resource, items: Iterable[Mapping[str, JsonValue]], now: float, change: StateChange
) -> list[Subscriber]:
    read = (_read(resource, members, now, change) for members in items)
    return [subscriber for subscriber in read if subscriber is not None][:_MOST]


def _find_url(members: Mapping[str, JsonValue]) -> str | None:
    """Return the URL of a subscription."""
    named = (members.get(name) for name in _URLS)
    return next((value for value in named if isinstance(value, str) and _is_url(value)), None)


def _read(resource: Resource, members: Mapping[str, JsonValue], now: float, change: StateChange) -> Subscriber | None:
    """Read a subscription; None where it is none, is over, or asks for other events."""
    url = _find_url(members)
    is_off = any(members.get(name) is False for name in _SWITCHES)
    if url is None or is_off or _is_over(members, now):
        return None
    wanted = [text for name in _EVENTS for text in _texts(members.get(name))]
    event = next((text for text in wanted if change.is_named(text)), None)
    if wanted and event is None:
        return None
    secret = next((value for name in _SECRETS if isinstance(value := members.get(name), str) and value), None)
    callback = _find_callback(resource.bindings[Action.CREATE].operation, change)
    named = event if event is not None and event not in {"*", "all"} else change.name
    return Subscriber(url, secret, named, callback)


def _members(body: JsonObject) -> dict[str, JsonValue]:
    """Return the members of a subscription by their names without case and separators, those inside of some too."""
    own = {joined(name): value for name, value in body.items()}
    inner = {joined(name): value for key in _INSIDE for name, value in as_object(own.get(key)).items()}
    return {**inner, **{name: value for name, value in own.items() if not isinstance(value, dict)}}


def _is_url(value: str) -> bool:
    return value.lower().startswith(("http://", "https://"))


def _texts(value: JsonValue) -> list[str]:
    """Return the names of events in a text, a list of texts, or a list of objects that name them."""
    if isinstance(value, str):
        return [text.strip() for text in value.split(",") if text.strip()]
    if not isinstance(value, list):
        return []
    named = [_name(each) for each in value]
    return [each for each in named if isinstance(each, str)]


def _name(event: JsonValue) -> JsonValue:
    """Return the name of an event that is a text, or an object that names it."""
    if isinstance(event, dict):
        return event.get("name", event.get("type"))
    return event


def _is_over(members: Mapping[str, JsonValue], now: float) -> bool:
    for name in _ENDS:
        value = members.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value <= now
        if isinstance(value, str):
            with contextlib.suppress(ValueError, OverflowError):
                moment = datetime.fromisoformat(value)
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() <= now
    return False


def _find_callback(operation: Operation, change: StateChange) -> Callback | None:
    """Return the callback of the operation that registers, for a change: the one that names it, or the only one."""
    named = (each for each in operation.callbacks if each.entries and change.is_named(each.name, fully=True))
    only = operation.callbacks[0] if len(operation.callbacks) == 1 and operation.callbacks[0].entries else None
    return next(named, only)
