"""The dispatcher of callbacks and webhooks: exchanges trigger them, and a log keeps the deliveries."""

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import unquote
from uuid import uuid4

from mock_server.callbacks.compose import ComposedRequest, Composer, ExchangeValues, gather_values
from mock_server.callbacks.send import CALLBACK, CallbackSender, MessageOrigin, Wait
from mock_server.callbacks.subscriptions import (
    SentMembers,
    StateChange,
    Subscriber,
    find_change,
    find_subscribers,
    has_subscriptions,
    registers,
)
from mock_server.document.model import MISSING, Callback, Entry, Missing
from mock_server.errors import MalformedContent, MockServerError, SchemaError, UsageError
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.expressions import ExpressionContext, evaluate
from mock_server.exchange.message import Response, find_field
from mock_server.exchange.router import Matched
from mock_server.exchange.secrets.mask import NO_MASK
from mock_server.generate.seed import derive_random, derive_seed
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.respond.answer import STATE, UPSTREAM
from mock_server.respond.blocking import run_blocking
from mock_server.respond.journal import Recorded
from mock_server.respond.responder import Responder
from mock_server.server.backend import Backend, Delivery, DeliveryAttempt, Mount, Outcome
from mock_server.state.store import StoreUnavailable

_LOGGED: Final = 1_000  # deliveries in the log
_MOST_WAITING: Final = 1_000
_AT_ONCE: Final = 16
_AROUND: Final = 1_000  # bytes of a delivery in memory, or of an attempt, apart from its content
_UNFOLDED: Final = 4  # bytes of decoded values in memory for each byte of a body
_SHARE: Final = 1 / 4  # of the memory that pending deliveries may have
_CHANGING: Final = frozenset(("POST", "PUT", "PATCH", "DELETE"))
_EVENT_NAMES: Final = ("type", "event", "event type", "event name", "topic", "kind", "action")
_NOTHING: Final = ExchangeValues()
_log = logging.getLogger(__name__)


class _Trigger(NamedTuple):
    """A callback or webhook that an operation triggers."""

    kind: str  # callback or webhook
    callback: Callback
    url: str  # an expression


class _PendingDelivery(NamedTuple):
    """A delivery that is not sent yet."""

    composer: Composer
    entry: Entry | None  # None: the document has no words for it
    url: str
    known: ExchangeValues
    seed: int
    body: JsonValue | Missing = MISSING
    size: int = 0  # bytes of the exchange that triggered it
    made: ComposedRequest | None = None  # where it is known already


class CallbackDispatcher:
    """Sends the callbacks and webhooks that exchanges trigger; see the package."""

    def __init__(self, backend: Backend, wait: Wait = asyncio.sleep) -> None:
        """
        Create a dispatcher.

        Args:
            backend: Its settings, documents and exchanges; `attend` subscribes to the exchanges.
            wait: Waits some seconds.

        Raises:
            UsageError: an allowed host is malformed.
        """
        self._backend = backend
        self._wait = wait
        self._settings = backend.settings
        self._sender = CallbackSender.of(backend.settings, wait)
        self._numbered = 0
        self._log: OrderedDict[int, tuple[Delivery, int]] = OrderedDict()  # by number, with their bytes
        self._log_weight = 0  # bytes of the log
        self._pending_weight = 0  # bytes of pending deliveries
        backend.worlds.budget.holders["callbacks"] = self
        backend.worlds.budget.droppers["callbacks"] = self._drop_oldest
        self._tasks: set[asyncio.Task[None]] = set()
        self._sent = SentMembers()
        self._tellers: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._mounts: tuple[Mount, ...] = ()
        self._composers: list[Composer] = []
        self._triggers: dict[int, tuple[Entry, int, tuple[_Trigger, ...]]] = {}

    def __iter__(self) -> Iterator[Delivery]:
        """Iterate over the logged deliveries, the oldest first."""
        return iter([delivery for delivery, _ in self._log.values()])

    @property
    def weight(self) -> int:
        """The bytes of logged and pending deliveries."""
        return self._log_weight + self._pending_weight

    def clear(self, world: str | None = None) -> None:
        """Clear the log of one world or of all; pending deliveries are still sent."""
        self._log = OrderedDict(
            (number, kept) for number, kept in self._log.items() if world is not None and kept[0].world != world
        )
        self._log_weight = sum(size for _, size in self._log.values())

    def _drop_oldest(self) -> bool:
        """Drop the oldest delivery from the log; return True if there was one."""
        if not self._log:
            return False
        self._log_weight -= self._log.popitem(last=False)[1][1]
        return True

    def _weigh(self, delivery: Delivery) -> None:
        """Update the weight of a logged delivery."""
        if delivery.number in self._log:
            size = _AROUND + len(delivery.url) + len(delivery.body) + _AROUND * len(delivery.attempts)
            self._log_weight += size - self._log[delivery.number][1]
            self._log[delivery.number] = delivery, size

    def webhooks(self) -> tuple[str, ...]:
        """Return the names of all documented webhooks."""
        return tuple(
            dict.fromkeys(hook.name for mount in self._backend.mounts for hook in mount.responder.document.webhooks)
        )

    def send_webhook(self, name: str, url: str, world: str = "", body: JsonValue | Missing = MISSING) -> Delivery:
        """
        Send a webhook, in the running event loop.

        Args:
            name: As documented.
            url: Of the receiver.
            world: In whose log it is kept.
            body: Instead of a generated one; it is sent, with findings, even if it breaks the document.

        Returns:
            The delivery, which changes until it ends. It is refused if the host is not allowed.

        Raises:
            UsageError: no webhook has the name.
        """
        self._refresh()
        for number, mount in enumerate(self._mounts):
            hook = next(
                (hook for hook in mount.responder.document.webhooks if hook.name == name and hook.entries), None
            )
            if hook is not None:
                delivery = self._begin("webhook", name, world)
                seed = derive_seed(self._seed(world), "webhook", name)
                self._send(
                    delivery, _PendingDelivery(self._composers[number], hook.entries[0], url, _NOTHING, seed, body)
                )
                return delivery
        raise UsageError(f"no webhook is called {name!r}; there are {', '.join(self.webhooks()) or 'none'}")

    def attend(self) -> None:
        """Subscribe to exchanges, if any operation of the documents may trigger a callback."""
        listeners = self._backend.listeners
        subscribed = self.observe in listeners
        wanted = any(
            _may_trigger(entry) for mount in self._backend.mounts for entry in mount.responder.document.entries
        ) or any(has_subscriptions(mount.responder) for mount in self._backend.mounts)
        if wanted and not subscribed:
            listeners.append(self.observe)
        elif subscribed and not wanted:
            listeners.remove(self.observe)

    def observe(self, recorded: Recorded) -> None:
        """Send the callbacks and webhooks that an exchange triggers."""
        entry = recorded.answer.entry
        if entry is None or recorded.answer.source == UPSTREAM or not 200 <= recorded.answer.status < 300:  # noqa: PLR2004
            return
        number, triggers = self._triggers_of(entry)
        is_change = recorded.request.method in _CHANGING and recorded.answer.source.startswith(STATE)
        if not (triggers or is_change) or any(name == CALLBACK for name, _ in recorded.request.fields):
            return
        responder = self._mounts[number].responder
        matched = responder.find(recorded.request)
        variables = matched.variables if isinstance(matched, Matched) else {}
        response = Response(recorded.answer.status, recorded.answer.fields, recorded.answer.body)
        exchange = self._expression_context(recorded, response, variables, responder)
        known = gather_values(entry.template, variables, exchange.request_body, exchange.response_body)
        if is_change:
            self._tell_subscribers(recorded, number, exchange, known)
        for trigger in triggers:
            url = evaluate(trigger.url, exchange)
            for called in trigger.callback.entries:
                delivery = self._begin(trigger.kind, trigger.callback.name, recorded.world)
                delivery.cause, delivery.operation = recorded.id, entry.title
                if not isinstance(url, str) or not url:
                    self._end(delivery, Outcome.SKIPPED, f"the exchange has no {trigger.url}")
                    continue
                seed = derive_seed(
                    self._seed(recorded.world), trigger.callback.name, recorded.request.path, recorded.request.body
                )
                size = _UNFOLDED * (len(recorded.request.body) + len(recorded.answer.body))
                self._send(delivery, _PendingDelivery(self._composers[number], called, url, known, seed, size=size))

    def _tell_subscribers(
        self, recorded: Recorded, number: int, exchange: ExpressionContext, known: ExchangeValues
    ) -> None:
        """Tell the subscribers of a world what an exchange has changed."""
        responder, entry = self._mounts[number].responder, recorded.answer.entry
        if entry is None or not has_subscriptions(responder):
            return
        operation = responder.document.operation(entry)
        if registers(responder, operation):
            self._sent.note(recorded.world, as_object(exchange.request_body))
            return
        item = {**as_object(exchange.request_body), **as_object(exchange.response_body)} or dict(exchange.variables)
        change = find_change(responder, operation, item)
        world = self._backend.worlds.known(recorded.world)
        if change is None or world is None:
            return
        find = partial(find_subscribers, responder, world, exchange.variables, change, self._sent)
        task = asyncio.get_running_loop().create_task(self._tell_each(recorded, number, known, change, find))
        self._tellers.add(task)
        task.add_done_callback(self._tellers.discard)

    async def _tell_each(
        self,
        recorded: Recorded,
        number: int,
        known: ExchangeValues,
        change: StateChange,
        find: Callable[[], list[Subscriber]],
    ) -> None:
        """Send a change to each of its subscribers."""
        document = self._mounts[number].responder.document
        try:
            subscribers = await run_blocking(find)
        except StoreUnavailable as error:
            _log.warning("nobody is told of %s: %s", change.name, error)
            return
        hooks = (each for each in document.webhooks if each.entries and change.is_named(each.name, fully=True))
        hook = next(hooks, None)
        for subscriber in subscribers:
            self._tell(recorded, number, known, change, subscriber, hook)

    def _tell(
        self,
        recorded: Recorded,
        number: int,
        known: ExchangeValues,
        change: StateChange,
        subscriber: Subscriber,
        hook: Callback | None,
    ) -> None:
        """Send a change to a subscriber: as the webhook that names it, a callback, or in words of our own."""
        callback = subscriber.callback if hook is None else None
        told = hook or callback
        kind = "callback" if callback is not None else "webhook"
        delivery = self._begin(kind, subscriber.event, recorded.world)
        entry = recorded.answer.entry
        delivery.cause, delivery.operation = recorded.id, entry.title if entry is not None else ""
        delivery.secret = subscriber.secret
        seed = derive_seed(self._seed(recorded.world), change.name, recorded.request.path, recorded.request.body)
        url = subscriber.url + (callback.expression.rpartition("}")[2] if callback is not None else "")
        named = dict.fromkeys(_EVENT_NAMES, subscriber.event)
        words = ExchangeValues({**known.values, **named, "data": change.item, "object": change.item}, known.nouns)
        made = _compose_event(url, subscriber.event, change.item) if told is None else None
        called = told.entries[0] if told is not None else None
        size = _UNFOLDED * (len(recorded.request.body) + len(recorded.answer.body))
        self._send(delivery, _PendingDelivery(self._composers[number], called, url, words, seed, size=size, made=made))

    def resend(self, number: int) -> Delivery:
        """
        Send a callback or webhook again, in the running event loop.

        Raises:
            UsageError: there is none of the number, or it was never sent.
        """
        kept = self._log.get(number)
        if kept is None or not kept[0].attempts:
            raise UsageError(f"no callback of the number {number} was sent")
        self._refresh()
        before = kept[0]
        delivery = self._begin(before.kind, before.name, before.world)
        delivery.cause, delivery.operation = before.cause, before.operation
        delivery.message, delivery.secret = before.message, before.secret
        made = ComposedRequest(before.url, before.method, before.fields, before.body, ())
        self._send(delivery, _PendingDelivery(self._composers[0], None, before.url, _NOTHING, 0, made=made))
        return delivery

    def _seed(self, name: str) -> str:
        """Return the seed of a world."""
        world = self._backend.worlds.known(name)
        return (world.seed if world is not None else None) or str(self._backend.settings.seed)

    def _expression_context(
        self, recorded: Recorded, response: Response, variables: dict[str, str], responder: Responder
    ) -> ExpressionContext:
        request, entry = recorded.request, recorded.answer.entry
        sent_body: JsonValue | Missing = MISSING
        answer_body: JsonValue | Missing = MISSING
        if entry is not None:
            answer_body = responder.judge_of(entry).read_body(response)
            with contextlib.suppress(SchemaError):  # reported when the request was answered
                sent_body = responder.judge_requests(entry).read(request, variables, security=False).body
        if isinstance(sent_body, Missing) and request.body:
            with contextlib.suppress(MalformedContent):  # of an operation that documents no body
                sent_body = read_json(request.body)
        scheme = "https" if self._backend.settings.tls_cert else "http"
        host = find_field(request.fields, b"host") or f"{self._backend.settings.host}:{self._backend.settings.port}"
        url = f"{scheme}://{host}{request.target}"
        own = {name: unquote(value) for name, value in variables.items()}
        return ExpressionContext(url, request, response, own, sent_body, answer_body)

    def _refresh(self) -> None:
        """Use the present documents and settings, which may have been reloaded."""
        if self._settings is not self._backend.settings:
            self._settings = self._backend.settings
            self._sender = CallbackSender.of(self._settings, self._wait)
        if self._mounts is not self._backend.mounts:
            self._mounts = self._backend.mounts
            self._composers = [Composer(mount.responder.kit) for mount in self._mounts]
            self._triggers.clear()

    def _triggers_of(self, entry: Entry) -> tuple[int, tuple[_Trigger, ...]]:
        """Return the triggers of an operation, and the index of its document."""
        self._refresh()
        kept = self._triggers.get(id(entry))
        if kept is not None:
            return kept[1], kept[2]
        number = next((n for n, mount in enumerate(self._mounts) if entry in mount.responder.document.entries), None)
        triggers = tuple(_triggers(self._mounts[number], entry)) if number is not None else ()
        if number is not None:
            self._triggers[id(entry)] = (entry, number, triggers)  # keeps the entry alive, so that its id is not reused
        return number or 0, triggers

    def _begin(self, kind: str, name: str, world: str) -> Delivery:
        self._numbered += 1
        delivery = Delivery(number=self._numbered, kind=kind, name=name, world=world, moment=time.time())
        delivery.message = f"msg_{uuid4().hex}"
        self._log[delivery.number] = delivery, 0
        self._weigh(delivery)
        while len(self._log) > _LOGGED:
            self._drop_oldest()
        return delivery

    def _send(self, delivery: Delivery, pending: _PendingDelivery) -> None:
        """Schedule a delivery, or refuse it."""
        delivery.method = pending.entry.method if pending.entry is not None else "POST"
        refused = self._sender.refusal(pending.url)
        if refused is None:
            delivery.url = pending.url
        if refused is None and len(self._tasks) >= _MOST_WAITING:
            refused = f"{_MOST_WAITING:,} wait already"
        if refused is None and self._pending_weight + pending.size > self._backend.worlds.budget.most * _SHARE:
            refused = f"those that wait have {self._pending_weight:,} bytes already; --memory sets the limit"
        if refused is not None:
            self._end(delivery, Outcome.REFUSED, refused)
            return
        task = asyncio.get_running_loop().create_task(self._run(delivery, pending), name=delivery.describe())
        self._tasks.add(task)
        self._pending_weight += pending.size
        task.add_done_callback(partial(self._settle, delivery, pending.size))

    def _settle(self, delivery: Delivery, size: int, task: asyncio.Task[None]) -> None:
        """Remove a delivery that has ended from the pending ones."""
        self._tasks.discard(task)
        self._pending_weight -= size
        self._weigh(delivery)

    async def _run(self, delivery: Delivery, pending: _PendingDelivery) -> None:
        try:
            delay = self._settings.callback_delay
            if delay is not None:
                await self._wait(delay.draw(derive_random(pending.seed, "delay")) / 1000)
            async with self._gate:
                await self._post(delivery, pending)
        except MockServerError as error:
            self._end(delivery, Outcome.SKIPPED, f"it can't be made: {error}")
        except asyncio.CancelledError:
            delivery.end(Outcome.CANCELLED, "the server was stopped")
            raise

    async def _post(self, delivery: Delivery, pending: _PendingDelivery) -> None:
        composed = pending.made
        if composed is None:
            assert pending.entry is not None  # noqa: S101 - else it was made
            composed = pending.composer.compose(pending.entry, pending.url, pending.known, pending.seed, pending.body)
        delivery.url, delivery.body, delivery.findings = composed.url, composed.body, composed.findings
        delivery.method, delivery.fields = composed.method, composed.fields

        def note(attempt: DeliveryAttempt) -> None:
            delivery.attempts.append(attempt)

        origin = MessageOrigin(delivery.name, delivery.message, delivery.secret)
        delivered = await self._sender.deliver(composed, origin, note)
        if delivered.response is not None and pending.entry is not None:
            delivery.findings += pending.composer.judge_answer(pending.entry, delivered.response)
        if delivered.is_accepted:
            self._end(delivery, Outcome.DELIVERED, delivered.reason)
        else:
            self._end(delivery, Outcome.FAILED if delivered.attempts else Outcome.REFUSED, delivered.reason)

    def _end(self, delivery: Delivery, outcome: Outcome, reason: str) -> None:
        delivery.end(outcome, reason)
        _log.log(
            logging.INFO if outcome in {Outcome.DELIVERED, Outcome.SKIPPED} else logging.WARNING,
            "%s",
            delivery.describe(),
        )
        for finding in delivery.findings:
            _log.warning("  %s: %s", finding.rule, NO_MASK.finding(finding.message, finding.instance))


def _compose_event(url: str, name: str, item: JsonObject) -> ComposedRequest:
    """Compose an event that the document has no words for, as Standard Webhooks recommends it."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = write_json({"type": name, "timestamp": moment, "data": item})
    return ComposedRequest(url, "POST", ((b"content-type", b"application/json"),), body, ())


def _may_trigger(entry: Entry) -> bool:
    """Return True if an operation has members that may name callbacks or webhooks, without reading it."""
    return not as_object(entry.node.value).keys().isdisjoint(("callbacks", "x-mock"))


def _triggers(mount: Mount, entry: Entry) -> Iterator[_Trigger]:
    """
    Yield the callbacks of an operation, and the webhooks that its `x-mock` names.

    `webhooks: {NAME: URL or expression}`.
    """
    document = mount.responder.document
    for callback in document.operation(entry).callbacks:
        yield _Trigger("callback", callback, callback.expression)
    wanted = as_object(as_object(as_object(entry.node.value).get("x-mock")).get("webhooks"))
    for name, url in wanted.items():
        hook = next((hook for hook in document.webhooks if hook.name == name), None)
        if hook is None or not isinstance(url, str):
            _log.warning("%s: x-mock.webhooks names %r, which is no webhook with a URL", entry.title, name)
        else:
            yield _Trigger("webhook", hook, url)
