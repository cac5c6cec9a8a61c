"""Which exchanges set off which callbacks and webhooks, and what became of them."""

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import unquote

from mock_server.callbacks.compose import Composer, KnownWords, gather
from mock_server.callbacks.send import CALLBACK, CallbackSender, Wait
from mock_server.document.model import MISSING, Callback, Entry, Missing
from mock_server.errors import MalformedContent, MockServerError, SchemaError, UsageError
from mock_server.exchange.body import read_json
from mock_server.exchange.expressions import ExpressionContext, evaluate
from mock_server.exchange.message import Response, find_field
from mock_server.exchange.router import Matched
from mock_server.exchange.secrets.mask import NO_MASK
from mock_server.generate.seed import derive_random, derive_seed
from mock_server.json_values import JsonValue
from mock_server.respond.answer import UPSTREAM
from mock_server.respond.journal import Recorded
from mock_server.respond.responder import Responder
from mock_server.server.backend import Backend, Delivery, DeliveryAttempt, Mount, Outcome

_KEPT: Final = 1_000  # in the log
_MOST_WAITING: Final = 1_000
_AT_ONCE: Final = 16
_AROUND: Final = 1_000  # bytes of one in memory, or of an attempt, apart from what it holds
_UNFOLDED: Final = 4  # times the bytes of a body are those of its values in memory
_SHARE: Final = 1 / 4  # of the memory may be what waits to be sent
_NOBODY: Final = KnownWords()
_log = logging.getLogger(__name__)


class _Trigger(NamedTuple):
    """What an operation sets off."""

    kind: str  # callback or webhook
    callback: Callback
    url: str  # an expression


class _PendingDelivery(NamedTuple):
    """What is to be sent."""

    composer: Composer
    entry: Entry
    url: str
    known: KnownWords
    seed: int
    body: JsonValue | Missing = MISSING
    size: int = 0  # bytes of what set it off


class CallbackDispatcher:
    """Sends what exchanges set off; see the package."""

    def __init__(self, backend: Backend, wait: Wait = asyncio.sleep) -> None:
        """
        Begin.

        Args:
            backend: Whose exchanges, by whose settings; `attend` has it tell of them.
            wait: Lets seconds pass.

        Raises:
            UsageError: a host that is allowed is none.
        """
        self._backend = backend
        self._wait = wait
        self._settings = backend.settings
        self._courier = CallbackSender.of(backend.settings, wait)
        self._numbered = 0
        self._log: OrderedDict[int, tuple[Delivery, int]] = OrderedDict()  # by their numbers, with their bytes
        self._kept = 0  # bytes of the log
        self._waiting = 0  # bytes of what is to be sent
        backend.worlds.budget.holders["callbacks"] = self
        backend.worlds.budget.droppers["callbacks"] = self._drop_oldest
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._mounts: tuple[Mount, ...] = ()
        self._composers: list[Composer] = []
        self._triggers: dict[int, tuple[Entry, int, tuple[_Trigger, ...]]] = {}

    def __iter__(self) -> Iterator[Delivery]:
        """Return what was sent, or should have been: the oldest first, the last thousand."""
        return iter([posted for posted, _ in self._log.values()])

    @property
    def weight(self) -> int:
        """How many bytes are kept of what was sent, and of what is to be."""
        return self._kept + self._waiting

    def clear(self, world: str | None = None) -> None:
        """Forget what was sent, of one world or of all; what waits is sent all the same."""
        self._log = OrderedDict(
            (number, kept) for number, kept in self._log.items() if world is not None and kept[0].world != world
        )
        self._kept = sum(size for _, size in self._log.values())

    def _drop_oldest(self) -> bool:
        """Forget what was set off first; gives whether there was anything."""
        if not self._log:
            return False
        self._kept -= self._log.popitem(last=False)[1][1]
        return True

    def _weigh(self, posted: Delivery) -> None:
        """Weigh what is in the log, as it is now."""
        if posted.number in self._log:
            size = _AROUND + len(posted.url) + len(posted.body) + _AROUND * len(posted.attempts)
            self._kept += size - self._log[posted.number][1]
            self._log[posted.number] = posted, size

    def webhooks(self) -> tuple[str, ...]:
        """Return the names of all webhooks that are documented."""
        return tuple(
            dict.fromkeys(hook.name for mount in self._backend.mounts for hook in mount.responder.document.webhooks)
        )

    def send_webhook(self, name: str, url: str, world: str = "", body: JsonValue | Missing = MISSING) -> Delivery:
        """
        Send a webhook, in the running event loop.

        Args:
            name: As documented.
            url: Where to.
            world: Whose log it belongs to.
            body: Instead of one that is made; that it breaks the document is said, not kept from happening.

        Returns:
            What becomes of it: it goes on changing. It is refused where the host is not allowed.

        Raises:
            UsageError: no webhook has the name.
        """
        self._refresh()
        for number, mount in enumerate(self._mounts):
            hook = next(
                (hook for hook in mount.responder.document.webhooks if hook.name == name and hook.entries), None
            )
            if hook is not None:
                posted = self._begin("webhook", name, world)
                seed = derive_seed(self._seed(world), "webhook", name)
                self._send(posted, _PendingDelivery(self._composers[number], hook.entries[0], url, _NOBODY, seed, body))
                return posted
        raise UsageError(f"no webhook is called {name!r}; there are {', '.join(self.webhooks()) or 'none'}")

    def attend(self) -> None:
        """Hear of exchanges, if operations of the documents may set something off."""
        listeners = self._backend.listeners
        hears = self.hear in listeners
        wanted = any(
            _may_set_off(entry) for mount in self._backend.mounts for entry in mount.responder.document.entries
        )
        if wanted and not hears:
            listeners.append(self.hear)
        elif hears and not wanted:
            listeners.remove(self.hear)

    def hear(self, recorded: Recorded) -> None:
        """Hear of an exchange, and send what it sets off."""
        entry = recorded.answer.entry
        if entry is None or recorded.answer.source == UPSTREAM or not 200 <= recorded.answer.status < 300:  # noqa: PLR2004
            return
        number, triggers = self._set_off_by(entry)
        if not triggers or any(name == CALLBACK for name, _ in recorded.request.fields):
            return
        responder = self._mounts[number].responder
        matched = responder.find(recorded.request)
        variables = matched.variables if isinstance(matched, Matched) else {}
        response = Response(recorded.answer.status, recorded.answer.fields, recorded.answer.body)
        around = self._around(recorded, response, variables, responder)
        known = gather(entry.template, variables, around.request_body, around.response_body)
        for trigger in triggers:
            url = evaluate(trigger.url, around)
            for called in trigger.callback.entries:
                posted = self._begin(trigger.kind, trigger.callback.name, recorded.world)
                posted.cause, posted.operation = recorded.id, entry.title
                if not isinstance(url, str) or not url:
                    self._end(posted, Outcome.SKIPPED, f"the exchange has no {trigger.url}")
                    continue
                seed = derive_seed(
                    self._seed(recorded.world), trigger.callback.name, recorded.request.path, recorded.request.body
                )
                size = _UNFOLDED * (len(recorded.request.body) + len(recorded.answer.body))
                self._send(posted, _PendingDelivery(self._composers[number], called, url, known, seed, size=size))

    def _seed(self, name: str) -> str:
        """Return the seed of a world."""
        world = self._backend.worlds.known(name)
        return (world.seed if world is not None else None) or str(self._backend.settings.seed)

    def _around(
        self, recorded: Recorded, response: Response, variables: dict[str, str], responder: Responder
    ) -> ExpressionContext:
        request, entry = recorded.request, recorded.answer.entry
        asked: JsonValue | Missing = MISSING
        answered: JsonValue | Missing = MISSING
        if entry is not None:
            answered = responder.judge_of(entry).read_body(response)
            with contextlib.suppress(SchemaError):  # said when the request was answered
                asked = responder.judge_requests(entry).read(request, variables, security=False).body
        if isinstance(asked, Missing) and request.body:
            with contextlib.suppress(MalformedContent):  # of an operation that documents no body
                asked = read_json(request.body)
        scheme = "https" if self._backend.settings.tls_cert else "http"
        host = find_field(request.fields, b"host") or f"{self._backend.settings.host}:{self._backend.settings.port}"
        url = f"{scheme}://{host}{request.target}"
        own = {name: unquote(value) for name, value in variables.items()}
        return ExpressionContext(url, request, response, own, asked, answered)

    def _refresh(self) -> None:
        """Follow documents and settings that were read again."""
        if self._settings is not self._backend.settings:
            self._settings = self._backend.settings
            self._courier = CallbackSender.of(self._settings, self._wait)
        if self._mounts is not self._backend.mounts:
            self._mounts = self._backend.mounts
            self._composers = [Composer(mount.responder.kit) for mount in self._mounts]
            self._triggers.clear()

    def _set_off_by(self, entry: Entry) -> tuple[int, tuple[_Trigger, ...]]:
        """Return what an operation sets off, and the number of its document."""
        self._refresh()
        kept = self._triggers.get(id(entry))
        if kept is not None:
            return kept[1], kept[2]
        number = next((n for n, mount in enumerate(self._mounts) if entry in mount.responder.document.entries), None)
        triggers = tuple(_triggers(self._mounts[number], entry)) if number is not None else ()
        if number is not None:
            self._triggers[id(entry)] = (entry, number, triggers)  # with the entry, so that its id stays its own
        return number or 0, triggers

    def _begin(self, kind: str, name: str, world: str) -> Delivery:
        self._numbered += 1
        posted = Delivery(number=self._numbered, kind=kind, name=name, world=world, moment=time.time())
        self._log[posted.number] = posted, 0
        self._weigh(posted)
        while len(self._log) > _KEPT:
            self._drop_oldest()
        return posted

    def _send(self, posted: Delivery, errand: _PendingDelivery) -> None:
        """Send something later; refuse it at once where it is not allowed."""
        posted.method = errand.entry.method
        refused = self._courier.refusal(errand.url)
        if refused is None:
            posted.url = errand.url
        if refused is None and len(self._tasks) >= _MOST_WAITING:
            refused = f"{_MOST_WAITING:,} wait already"
        if refused is None and self._waiting + errand.size > self._backend.worlds.budget.most * _SHARE:
            refused = f"those that wait have {self._waiting:,} bytes already; --memory sets the limit"
        if refused is not None:
            self._end(posted, Outcome.REFUSED, refused)
            return
        task = asyncio.get_running_loop().create_task(self._run(posted, errand), name=posted.describe())
        self._tasks.add(task)
        self._waiting += errand.size
        task.add_done_callback(partial(self._settle, posted, errand.size))

    def _settle(self, posted: Delivery, size: int, task: asyncio.Task[None]) -> None:
        """Let go of what is sent, or is not any more."""
        self._tasks.discard(task)
        self._waiting -= size
        self._weigh(posted)

    async def _run(self, posted: Delivery, errand: _PendingDelivery) -> None:
        try:
            delay = self._settings.callback_delay
            if delay is not None:
                await self._wait(delay.draw(derive_random(errand.seed, "delay")) / 1000)
            async with self._gate:
                await self._post(posted, errand)
        except MockServerError as error:
            self._end(posted, Outcome.SKIPPED, f"it can't be made: {error}")
        except asyncio.CancelledError:
            posted.end(Outcome.CANCELLED, "the server was stopped")
            raise

    async def _post(self, posted: Delivery, errand: _PendingDelivery) -> None:
        composed = errand.composer.compose(errand.entry, errand.url, errand.known, errand.seed, errand.body)
        posted.url, posted.body, posted.findings = composed.url, composed.body, composed.findings

        def note(attempt: DeliveryAttempt) -> None:
            posted.attempts.append(attempt)

        delivered = await self._courier.deliver(composed, posted.name, note)
        if delivered.response is not None:
            posted.findings += errand.composer.judge_answer(errand.entry, delivered.response)
        if delivered.is_accepted:
            self._end(posted, Outcome.DELIVERED, delivered.reason)
        else:
            self._end(posted, Outcome.FAILED if delivered.attempts else Outcome.REFUSED, delivered.reason)

    def _end(self, posted: Delivery, outcome: Outcome, reason: str) -> None:
        posted.end(outcome, reason)
        _log.log(
            logging.INFO if outcome in {Outcome.DELIVERED, Outcome.SKIPPED} else logging.WARNING,
            "%s",
            posted.describe(),
        )
        for finding in posted.findings:
            _log.warning("  %s: %s", finding.rule, NO_MASK.finding(finding.message, finding.instance))


def _may_set_off(entry: Entry) -> bool:
    """Return whether an operation has a member that may name callbacks or webhooks; for that it need not be read."""
    return isinstance(entry.node.value, dict) and not entry.node.value.keys().isdisjoint(("callbacks", "x-mock"))


def _triggers(mount: Mount, entry: Entry) -> Iterator[_Trigger]:
    """
    Yield the callbacks of an operation, and the webhooks that its `x-mock` names.

    `webhooks: {NAME: URL or expression}`.
    """
    document = mount.responder.document
    for callback in document.operation(entry).callbacks:
        yield _Trigger("callback", callback, callback.expression)
    extension = entry.node.value.get("x-mock") if isinstance(entry.node.value, dict) else None
    wanted = extension.get("webhooks") if isinstance(extension, dict) else None
    for name, url in wanted.items() if isinstance(wanted, dict) else ():
        hook = next((hook for hook in document.webhooks if hook.name == name), None)
        if hook is None or not isinstance(url, str):
            _log.warning("%s: x-mock.webhooks names %r, which is no webhook with a URL", entry.title, name)
        else:
            yield _Trigger("webhook", hook, url)
