"""
Strings that several patterns agree on.

Patterns that must be found, patterns that must not, and bounds of length are walked at once, one character after the
other: whatever string exists is found, if it is not too far away. Back references and most look-arounds are beyond it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise
from random import Random

from mock_server.generate.text import charset
from mock_server.generate.text.charset import Ranges
from mock_server.generate.text.regex import (
    Alternation,
    Anchor,
    CapturingGroup,
    Chars,
    Look,
    Regex,
    RegexError,
    Repeat,
    parse_regex,
)
from mock_server.generate.text.regex import Concatenation as InRow

# How large an automaton may be, and how much is done before a string is given up: states that are passed through.
_MAX_STATES = 3_000
_MAX_SETS = 200
_MAX_WORK = 1_500_000
_MAX_LENGTH = 2_000

# What a pattern has come to: the states that it is in, and whether it was found already.
_Progress = tuple[frozenset[int], bool]


@dataclass(eq=False, repr=False)
class _Automaton:
    """A pattern as states: 0 is the start, 1 accepts."""

    wanted: bool  # whether the pattern must be found, or must not
    sets: list[Ranges]  # of characters, of all patterns that are walked together
    steps: list[list[tuple[int, int]]] = field(
        default_factory=lambda: [[], []]
    )  # by a character of a set, by its index
    free: list[list[int]] = field(default_factory=lambda: [[], []])  # without a character
    at_start: list[list[int]] = field(default_factory=lambda: [[], []])  # without a character, at the start of the text
    at_end: list[list[int]] = field(default_factory=lambda: [[], []])

    def add(self) -> int:
        if len(self.free) >= _MAX_STATES:
            raise RegexError("too large for an automaton")
        for edges in (self.steps, self.free, self.at_start, self.at_end):
            edges.append([])
        return len(self.free) - 1

    def build(self, regex: Regex, start: int, end: int) -> None:
        """Connect two states by a pattern."""
        if isinstance(regex, Chars):
            self.steps[start].append((self._index(regex.ranges), end))
        elif isinstance(regex, InRow):
            for part in regex.parts:
                after = self.add()
                self.build(part, start, after)
                start = after
            self.free[start].append(end)
        elif isinstance(regex, Alternation):
            for option in regex.options:
                self.build(option, start, end)
        elif isinstance(regex, CapturingGroup):
            self.build(regex.body, start, end)
        elif isinstance(regex, Anchor):
            (self.at_start if regex.start else self.at_end)[start].append(end)
        elif isinstance(regex, Repeat):
            self._repeat(regex, start, end)
        else:
            raise RegexError("neither look-arounds nor back references have an automaton")

    def _index(self, ranges: Ranges) -> int:
        if ranges not in self.sets:
            if len(self.sets) >= _MAX_SETS:
                raise RegexError("too many sets of characters for an automaton")
            self.sets.append(ranges)
        return self.sets.index(ranges)

    def _repeat(self, regex: Repeat, start: int, end: int) -> None:
        for _ in range(regex.least):
            after = self.add()
            self.build(regex.body, start, after)
            start = after
        if regex.most is None:
            again = self.add()
            self.free[start].append(again)
            self.build(regex.body, again, again)
            start = again
        for _ in range((regex.most or 0) - regex.least if regex.most is not None else 0):
            self.free[start].append(end)
            after = self.add()
            self.build(regex.body, start, after)
            start = after
        self.free[start].append(end)

    def reach(
        self, states: Iterator[int] | Sequence[int] | frozenset[int], *, first: bool, last: bool = False
    ) -> frozenset[int]:
        """Return the states that are reached without a character."""
        found = set(states)
        todo = list(found)
        while todo:
            state = todo.pop()
            after = [*self.free[state], *(self.at_start[state] if first else ()), *(self.at_end[state] if last else ())]
            todo += [target for target in after if target not in found]
            found.update(after)
        return frozenset(found)

    def begin(self) -> _Progress:
        return self._progress(self.reach((0,), first=True))

    def advance(self, progress: _Progress, kind: frozenset[int]) -> _Progress:
        """Return the states after a character of some of the sets."""
        states, found = progress
        if found:
            return progress
        targets = (target for state in states for index, target in self.steps[state] if index in kind)
        return self._progress(self.reach((*targets, 0), first=False))  # a pattern may begin anywhere

    def is_content(self, progress: _Progress, *, first: bool) -> bool:
        """Return True if the text may end here."""
        states, found = progress
        return (found or 1 in self.reach(states, first=first, last=True)) is self.wanted

    @staticmethod
    def _progress(states: frozenset[int]) -> _Progress:
        if 1 in states:
            return (frozenset(), True)
        return (states, False)


def iter_common(
    found: Sequence[str],
    barred: Sequence[str],
    least: int,
    most: int | None,
    random: Random,
    most_work: int = _MAX_WORK,
    *,
    all_lengths: bool = False,
) -> Iterator[str]:
    """
    Find strings that match some patterns and not others, the shorter ones first.

    Args:
        found: Patterns of ECMA-262 that have to be found.
        barred: Patterns that must not be.
        least: The least length, in code points.
        most: The greatest length.
        random: Chooses among characters that mean the same to all patterns.
        most_work: How many states may be passed through.
        all_lengths: Whether texts that are too long to be walked to make the walk be given up, rather than passed over.

    Raises:
        RegexError: a pattern can't be read, or has no automaton, or the walk is given up.
    """
    automata, kinds = _read_patterns(found, barred)
    ceiling = min(most if most is not None else _MAX_LENGTH, _MAX_LENGTH)
    start = tuple(automaton.begin() for automaton in automata)
    shortest = {(start, 0): 0}  # beyond the least length, only the states of the patterns matter
    todo = [(least, 0, 0, start, "")]
    work = 0
    while todo:
        if work > most_work:
            raise RegexError("the patterns agree on nothing near")
        *_, progress, text = heappop(todo)
        if len(text) >= least and all(a.is_content(p, first=not text) for a, p in zip(automata, progress, strict=True)):
            yield text
        if len(text) >= ceiling:
            if all_lengths and ceiling != most:
                raise RegexError("the patterns agree on nothing near")
            continue
        size = len(text) + 1
        for kind, ranges in random.sample(kinds, len(kinds)):
            work += 1 + sum(len(states) for states, _ in progress)
            after = tuple(a.advance(p, kind) for a, p in zip(automata, progress, strict=True))
            key = (after, min(size, least))
            if size < shortest.get(key, _MAX_LENGTH + 1) and not _is_lost(automata, after):
                shortest[key] = size
                char = random.choice(charset.preferred(ranges))
                heappush(todo, (max(least - size, 0), size, len(shortest) + work, after, text + char))


def agree_on_nothing(
    found: Sequence[str], barred: Sequence[str], least: int, most: int | None, most_work: int = _MAX_WORK
) -> bool:
    """
    Return True if it is proven that no string matches some patterns and not others; see `iter_common`.

    So a pattern's strings are among those of another one, if the other one is the one that is barred.
    """
    walk = iter_common(found, barred, least, most, Random(0), most_work, all_lengths=True)
    try:
        return next(walk, None) is None
    except RegexError:
        return False


def _read_patterns(
    found: Sequence[str], barred: Sequence[str]
) -> tuple[list[_Automaton], list[tuple[frozenset[int], Ranges]]]:
    """Make the automata of patterns, and find the kinds of characters that they distinguish."""
    sets: list[Ranges] = []
    automata = [*_automata(found, sets, wanted=True), *_automata(barred, sets, wanted=False)]
    return automata, _kinds_of_characters(sets)


def _automata(patterns: Sequence[str], sets: list[Ranges], *, wanted: bool) -> Iterator[_Automaton]:
    for pattern in patterns:
        trees = list(_without_looks(parse_regex(pattern)))
        if len(trees) > 1 and not wanted:
            raise RegexError("a look-ahead in a pattern that must not be found")
        for tree, own in trees:
            automaton = _Automaton(wanted is own, sets)
            automaton.build(tree, 0, 1)
            yield automaton


def _without_looks(tree: Regex) -> Iterator[tuple[Regex, bool]]:
    """Yield a pattern and, as patterns of their own, the look-aheads at its start: `^(?=.*[A-Z])(?!admin).{8,}$`."""
    parts = tree.parts if isinstance(tree, InRow) else (tree,)
    anchor = parts[:1]
    if anchor and isinstance(anchor[0], Anchor) and anchor[0].start:
        looks = 1
        while looks < len(parts) and isinstance(look := parts[looks], Look) and look.ahead:
            yield InRow((*anchor, look.body)), look.positive
            looks += 1
        tree = InRow((*anchor, *parts[looks:]))
    yield tree, True


def _is_lost(automata: list[_Automaton], progress: tuple[_Progress, ...]) -> bool:
    return any(found and not automaton.wanted for automaton, (_, found) in zip(automata, progress, strict=True))


def _kinds_of_characters(sets: list[Ranges]) -> list[tuple[frozenset[int], Ranges]]:
    """Return the characters by the sets that they are in: all of one kind lead to the same states."""
    ends = sorted(
        {
            0x20,
            0x7F,
            *(end for ranges in (*sets, charset.EVERYTHING) for low, high in ranges for end in (low, high + 1)),
        }
    )
    kinds: dict[frozenset[int], list[tuple[int, int]]] = {}
    for low, after in pairwise(ends):
        if charset.contains(charset.EVERYTHING, low):
            kind = frozenset(index for index, ranges in enumerate(sets) if charset.contains(ranges, low))
            kinds.setdefault(kind, []).append((low, after - 1))
    return [(kind, charset.union(tuple(ranges))) for kind, ranges in kinds.items()]
