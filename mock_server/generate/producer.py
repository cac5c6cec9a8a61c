"""
Producing: no value leaves that was not judged.

Lists of independent items are put together from kept ones, each of them judged, see `list_writer`. Everything else is
drawn and judged as a whole; attempts in order: draws with chance, strict draws, the smallest value, repaired draws,
documented examples. What no attempt finds is an error that names the keywords in conflict, never a wrong value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import NamedTuple

import orjson

from mock_server.errors import UnsatisfiableSchema
from mock_server.exchange.body import write_json
from mock_server.findings import Finding
from mock_server.generate.clock import COMPILING, Bound, is_late
from mock_server.generate.echo import EchoPlaces, RequestEcho, RequestedPage
from mock_server.generate.elsewhere import Elsewhere
from mock_server.generate.pagination import PAGED, iter_ends
from mock_server.generate.realism.errors import FIRST, iter_failures
from mock_server.generate.realism.pools import Pools
from mock_server.generate.requested_values import RequestedValue, set_all, settle
from mock_server.generate.sampler.compiler import Echo, SamplerContext, ValueSite, compile_part
from mock_server.generate.sampler.draw import MOST_PARTS, Draw, DrawState, NothingFits, has_few_characters
from mock_server.generate.sampler.list_writer import ListWriter, RowCache, rows_of
from mock_server.generate.sampler.repair import Repair
from mock_server.generate.sampler.sampler import Sampler
from mock_server.generate.sampler.sizes import Extent
from mock_server.generate.seed import derive_random, derive_seed
from mock_server.json_values import JsonValue
from mock_server.pausing import pause, wait
from mock_server.schema.bundle import Bundle
from mock_server.schema.canonical import Forms, explain_unsatisfiable
from mock_server.schema.sites import Site, site_of
from mock_server.schema.validate import Validator

_ATTEMPTS = 12
_WITH_EXAMPLES = 4  # of the attempts
_SPARE_DRAWS = 4
_TRIED = 5_000  # parts of a value by which it is found out whether examples can be trusted
_USUAL_PARTS = 50_000  # of a value; one that has to have more is drawn once more
_WEIGHED = _USUAL_PARTS - 100  # room that is left by values whose texts are not counted
_FEW = 3  # items of a list without a requested number
# What repair begins with where nothing was drawn.
_STARTS: tuple[JsonValue, ...] = ({}, [], "text", 1)


_NO_ECHO: Mapping[str, JsonValue] = {}
_NOTHING = RequestEcho()


class SampleOptions(NamedTuple):
    """The options of one value."""

    seed: int
    static: bool = True  # use documented examples of parts
    minimal: bool = False  # only what is required
    size: int | None = None  # items of the outermost array
    echo: Mapping[str, JsonValue] = _NO_ECHO  # what the request says, by parameter name
    requested: RequestEcho = _NOTHING  # what else it says
    status: int = 0  # of the answer that it is for; 0 where that does not matter
    is_problem: bool = False  # whether the answer is problem details


@dataclass(eq=False, repr=False)
class Producer:
    """Makes values of one schema. Compiled when first used."""

    bundle: Bundle  # as MAKE reads the document
    forms: Forms
    pools: Pools
    name: str = ""  # what the value is, where the schema does not say: `users`
    echoes: tuple[Echo, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    fallback: "Callable[[], Producer] | None" = (
        None  # with the schema as JUDGE reads it: the least that has to be obeyed
    )
    row_cache: RowCache = field(default_factory=RowCache)
    answers: bool = False  # whether values are answers to requests, see `requested`
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    item_variable: str = ""  # of the path of one thing, where values are lists of them
    _is_too_large: bool = field(default=False, init=False)
    _given_up: UnsatisfiableSchema | None = field(default=None, init=False)
    _is_busy: bool = field(default=False, init=False)  # with a value: while one is made, others may have their turn

    def produce(self, options: SampleOptions) -> JsonValue:
        """
        Make a value that conforms.

        Raises:
            UnsatisfiableSchema: no value exists, or none was found.
            UnusableSchema: the schema can't be compiled.
        """
        pause()
        written = self.by_row(options)
        return orjson.loads(written) if written is not None else self._drawn(options)

    def write(self, options: SampleOptions) -> bytes:
        """
        Write a value that conforms, the same as `produce` makes, as JSON.

        Raises:
            UnsatisfiableSchema: no value exists, or none was found.
            UnusableSchema: the schema can't be compiled.
        """
        written = self.by_row(options)
        if written is not None:
            return written
        return write_json(self._drawn(options))

    def by_row(self, options: SampleOptions) -> bytes | None:
        """
        Write the value of `produce` from kept items, see `list_writer`; None where it has to be drawn.

        Raises:
            UnusableSchema: the schema can't be compiled.
        """
        if self._is_busy:
            return self._free().by_row(options)
        self._is_busy = True
        try:
            return self._row(options)
        finally:
            self._is_busy = False

    def _free(self) -> "Producer":
        """Return this producer once it is free; an equal one where waiting is impossible."""
        while self._is_busy and wait():
            pass
        if self._is_busy:
            return replace(self)
        return self

    def _row(self, options: SampleOptions) -> bytes | None:
        rows = self._rows
        if rows is None or options.minimal or options.status >= FIRST or (self.answers and self._answered.links_items):
            return None
        size = options.size
        if self.answers and options.echo:
            limit = self._answered.limit(options.echo)
        else:
            limit = None
        if limit is not None and size is not None and limit < size:
            return None  # a page is cut out of the whole
        if limit is not None and limit < _FEW:
            size = limit
        elif size is None and isinstance(options.requested.sent, list):
            return None
        return rows.write(options.seed, size, options.echo, static=options.static)

    def _drawn(self, options: SampleOptions) -> JsonValue:
        if self._is_busy:
            return self._free()._drawn(options)  # noqa: SLF001 - another of the same class
        self._is_busy = True
        try:
            return self._searched(options)
        finally:
            self._is_busy = False

    def _searched(self, options: SampleOptions) -> JsonValue:
        if self._given_up is not None:
            raise self._given_up
        if "_draw" not in self.__dict__:
            with Bound(COMPILING):
                self._draw  # noqa: B018 - compiled before the search begins
        with Bound():
            return self._found(options)

    def _found(self, options: SampleOptions) -> JsonValue:
        state = self._state(options, 0)
        state.tight = options.minimal
        try:
            value = self._draw(state)
        except (NothingFits, RecursionError):
            return self.settled(self._insist(options), options)
        wanted = self._requested_values(value, options)
        if wanted:
            changed = set_all(value, wanted)
            if self.accepts(changed):
                return changed
        if not self._fits(value, state):
            value = self._insist(options)
            wanted = self._requested_values(value, options)
        if wanted:
            return settle(value, wanted, self.accepts)
        return value

    def _fits(self, value: JsonValue, state: DrawState) -> bool:
        """Return True if a value conforms and is small enough to be sent."""
        return (state.room > _WEIGHED or has_few_characters(value)) and self.accepts(value)

    def ended(self, value: JsonValue) -> JsonValue:
        """Return a value without signs of a next page, as far as it still conforms."""
        return settle(value, list(iter_ends(value)), self.accepts)

    @property
    def paging(self) -> frozenset[str]:
        """The query parameters by which a request asks for another page than the first."""
        return frozenset(name for role, name in self._answered.roles.items() if role in PAGED)

    def page(self, options: SampleOptions) -> RequestedPage | None:
        """
        Return the page of the whole that the list of `produce` is.

        Returns:
            None where a value has no main list, or none is made at once.
        """
        if self._answered.list_pointer is None:
            return None
        with Bound():
            try:
                whole = self._draw(self._state(options, 0))
            except (NothingFits, RecursionError):
                return None
        return self._answered.page(whole, options.requested, options.echo, options.size)

    def settled(self, value: JsonValue, options: SampleOptions) -> JsonValue:
        """Let a value repeat its request, as far as it still conforms."""
        return settle(value, self._requested_values(value, options), self.accepts)

    def _requested_values(self, value: JsonValue, options: SampleOptions) -> list[RequestedValue]:
        if options.status >= FIRST:
            return list(iter_failures(value, options.status, self._answered.outline, is_problem=options.is_problem))
        if self.answers:
            return list(self._answered.iter_requested_values(value, options.requested, options.echo, options.size))
        return []

    @cached_property
    def _answered(self) -> EchoPlaces:
        return EchoPlaces(self._site, self.name, self.echoes, self.item_variable)

    def adopt(self, options: SampleOptions, candidates: list[JsonValue]) -> JsonValue:
        """
        Take one of some values that a narrower reading refused, or make one.

        Raises:
            UnsatisfiableSchema: see `produce`.
        """
        for value in candidates:
            if self._validator.is_valid(value):
                return value
        pruned = self._pruned(candidates[-2:])
        if pruned is not None:
            return pruned[0]
        return self.produce(options)

    @cached_property
    def accepts(self) -> Callable[[JsonValue], bool]:
        """
        The judge of values, as MAKE reads the document.

        Where a part has to fail, as in `oneOf`, a value can conform under the narrower reading alone: then both judge.
        """
        ours = self._validator.is_valid
        if self.fallback is None or not self.bundle.excludes:
            return ours
        judged = self.fallback()._validator  # noqa: SLF001 - another of the same class
        if judged.bundle.schema == self.bundle.schema:
            return ours
        return lambda value: ours(value) and judged.is_valid(value)

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of compiling: names that Faker does not know."""
        place = self.bundle.node.place
        return tuple(
            Finding(rule="document-faker-unknown", message=f"x-faker {name} names nothing that is known", place=place)
            for name in sorted(self._sampler.context.unknown_fakers)
        )

    @cached_property
    def _validator(self) -> Validator:
        return Validator(self.bundle)

    @cached_property
    def _site(self) -> Site:
        return site_of(self.bundle)

    @cached_property
    def _sampler(self) -> Sampler:
        context = SamplerContext(
            self.pools,
            self._site.sites,
            self.forms,
            self.echoes,
            self.overrides,
            place=self.bundle.node.place,
            elsewhere=self.elsewhere,
        )
        return Sampler(context, self.forms.root(self.bundle))

    @cached_property
    def _draw(self) -> Draw:
        self.accepts  # noqa: B018 - what can't be judged is not compiled, either
        draw = self._sampler.compile(self._sampler.root, ValueSite(self._site, self.name))
        # Whether examples can be trusted is found out once, by a draw that is always the same: a value must not depend
        # on the values made before it.
        try:
            state = DrawState(self.pools.seed, echo={})
            state.room = _TRIED
            self._sampler.context.distrustful = not self._validator.is_valid(draw(state))
        except (NothingFits, RecursionError):
            self._sampler.context.distrustful = True
        return draw

    @cached_property
    def _rows(self) -> ListWriter | None:
        echoes = tuple(echo.name for echo in self.echoes)
        with Bound(COMPILING):
            draw = self._draw
        return rows_of(draw, self.bundle.schema, self.pools.seed, echoes, self.accepts, self.row_cache)

    @cached_property
    def _is_hopeless(self) -> bool:
        return self.forms.is_hopeless(self._sampler.root)

    @cached_property
    def _extent(self) -> Extent:
        """The least extent of any value that conforms."""
        return self._sampler.extents.of(self._sampler.root)

    @cached_property
    def _repair(self) -> Repair:
        return Repair(self.bundle.schema, self._validator.breaches, partial(compile_part, self._sampler))

    def _state(self, options: SampleOptions, attempt: int) -> DrawState:
        if attempt == 0:
            seed = options.seed
        else:
            seed = derive_seed(options.seed, attempt)
        state = DrawState(seed, static=options.static, size=options.size, echo=options.echo)
        state.terse = options.status >= FIRST
        if attempt == 0 and options.size is None:
            state.room = _USUAL_PARTS
        return state

    def _insist(self, options: SampleOptions) -> JsonValue:
        """Find a value after the first draw failed."""
        candidates: list[JsonValue] = []
        if self._is_hopeless or self._extent.is_endless:
            return self._last_resort(options, candidates)
        if self._extent.size > MOST_PARTS:
            self._is_too_large = True
            return self._last_resort(options, candidates)
        was_spent = False
        for attempt in range(1, _ATTEMPTS + 1):
            if is_late():
                break
            state = self._state(options, attempt)
            state.verify = True
            state.strict = attempt > 1
            state.tight = options.minimal or was_spent or attempt > _ATTEMPTS - 2
            if attempt > _WITH_EXAMPLES:  # parts that fit one by one need not fit together
                state.static = state.exemplary = False
            try:
                value = self._draw(state)
            except (NothingFits, RecursionError):
                if state.is_spent and (state.tight or is_late()):
                    self._is_too_large = True
                    return self._last_resort(options, candidates)
                was_spent = was_spent or state.is_spent
                continue
            if self._fits(value, state):
                return value
            candidates.append(value)
        pruned = self._pruned(candidates[-4:])
        if pruned is not None:
            return pruned[0]
        if self._spare is None:
            return self._last_resort(options, candidates)
        repaired = self._repaired(candidates[-1:], options.seed)
        if repaired is not None:
            return repaired[0]
        return self._spare[0]

    def _pruned(self, candidates: list[JsonValue]) -> tuple[JsonValue] | None:
        found = (self._repair.prune(value) for value in candidates if not is_late() and self._validator.is_light(value))
        return next((value for value in found if value is not None and self.accepts(value[0])), None)

    def _repaired(self, starts: list[JsonValue], seed: int) -> tuple[JsonValue] | None:
        self._sampler.context.repairing = True
        try:
            found = self._repair.find(starts, derive_random(seed, "repair"))
        finally:
            self._sampler.context.repairing = False
        if found is not None and self.accepts(found[0]):
            return found
        return None

    @cached_property
    def _spare(self) -> tuple[JsonValue] | None:
        """
        A value that repair finds, whatever the options.

        Where it finds none it is not tried again: it would take long each time.
        """
        options, starts = SampleOptions(self.pools.seed), []
        for attempt in range(_SPARE_DRAWS):
            if is_late():
                return None
            state = self._state(options, attempt)
            state.strict, state.tight, state.static, state.exemplary = True, attempt > 1, False, False
            try:
                starts.append(self._draw(state))
            except (NothingFits, RecursionError):
                continue
        return self._repaired([*_STARTS, *starts], options.seed)

    def _last_resort(self, options: SampleOptions, candidates: list[JsonValue]) -> JsonValue:
        """Try documented examples, then the most lenient reading of the document."""
        for example in self._site.examples():
            if self.accepts(example):
                return example
        if self.fallback is not None and not self._is_too_large:
            lenient = self.fallback()
            return lenient.adopt(options, candidates)
        error = self._unsatisfiable()
        if error.proven or self._is_too_large or is_late():
            self._given_up = error  # to look again would take as long
        raise error

    def _unsatisfiable(self) -> UnsatisfiableSchema:
        explained = explain_unsatisfiable(self.bundle)
        if explained is not None:
            path, reason = explained
            return UnsatisfiableSchema(self.bundle.locate(path), f"no value can satisfy it: {reason}", proven=True)
        place = self.bundle.node.place
        if self._extent.is_endless:
            return UnsatisfiableSchema(
                place, "no value can satisfy it: what is required contains itself without an end", proven=True
            )
        if self._is_too_large:
            reason = f"no value is made of more than {MOST_PARTS:,} parts"
            if self._extent.size > MOST_PARTS:
                reason += f"; its smallest one has {self._extent.size:,} or more"
            else:
                reason += ", and none was found that has fewer"
            return UnsatisfiableSchema(place, reason, proven=False)
        if self._is_hopeless:
            reason = "no value can satisfy it"
        else:
            reason = "no value was found that satisfies it"
        return UnsatisfiableSchema(place, reason, proven=self._is_hopeless)
