"""
Pairwise coverage: few combinations in which every two values of different places meet.

Most failures that take more than one cause take two (Kuhn, Wallace and Gallo, 2004). Greedy, as in AETG: each
combination starts from a pair that was not met yet, and takes at every other place the value that meets most of what
is left.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations


def cover(sizes: Sequence[int], budget: int) -> Iterator[tuple[int, ...]]:
    """
    List combinations until every pair of values was met, or the budget is used up.

    Args:
        sizes: How many values each place has.
        budget: So many combinations at most.

    Returns:
        For each combination the index of the value of each place; the same ones every time.
    """
    left: dict[tuple[int, int], dict[int, set[int]]] = {}
    for one, other in combinations(range(len(sizes)), 2):
        left[one, other] = {value: set(range(sizes[other])) for value in range(sizes[one])}
    for turn in range(budget):
        pair = next((key for key in _from(list(left), turn) if left[key]), None)
        if pair is None:
            return
        yield _combine(sizes, left, pair)


def _from(keys: list[tuple[int, int]], turn: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of places, beginning with another one each time, so that a small budget is spread over all."""
    start = turn * 7919 % len(keys) if keys else 0
    yield from keys[start:]
    yield from keys[:start]


def _combine(
    sizes: Sequence[int], left: dict[tuple[int, int], dict[int, set[int]]], pair: tuple[int, int]
) -> tuple[int, ...]:
    one, other = pair
    value = min(left[pair])
    chosen = {one: value, other: min(left[pair][value])}
    for place in range(len(sizes)):
        if place not in chosen:
            gains = {index: _gain(left, chosen, place, index) for index in range(sizes[place])}
            chosen[place] = max(gains, key=lambda index, gains=gains: (gains[index], -index))  # type: ignore[misc]
    for first, second in combinations(range(len(sizes)), 2):
        known = left[first, second]
        if chosen[first] in known:
            known[chosen[first]].discard(chosen[second])
            if not known[chosen[first]]:
                del known[chosen[first]]
    return tuple(chosen[place] for place in range(len(sizes)))


def _gain(left: dict[tuple[int, int], dict[int, set[int]]], chosen: dict[int, int], place: int, value: int) -> int:
    """Return how many pairs a value would meet that were not met yet."""
    gain = 0
    for other, known in chosen.items():
        if other < place:
            gain += value in left[other, place].get(known, ())
        else:
            gain += known in left[place, other].get(value, ())
    return gain
