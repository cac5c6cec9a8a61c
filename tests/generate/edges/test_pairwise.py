"""Combinations: every two values of different places meet, in few of them, the same ones every time."""

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from mock_server.generate.edges.pairwise import cover

sizes = st.lists(st.integers(2, 5), min_size=2, max_size=8)


def met(found: list[tuple[int, ...]]) -> set[tuple[int, int, int, int]]:
    return {(one, other, row[one], row[other]) for row in found for one, other in combinations(range(len(row)), 2)}


@given(sizes)
def test_every_pair_is_met_in_few_combinations(sizes: list[int]) -> None:
    found = list(cover(sizes, 1_000))
    pairs = {
        (one, other, *values)
        for one, other in combinations(range(len(sizes)), 2)
        for values in product(range(sizes[one]), range(sizes[other]))
    }

    assert met(found) == pairs
    assert len(found) <= 4 * max(sizes) ** 2
    assert found == list(cover(sizes, 1_000))


@given(sizes, st.integers(0, 5))
def test_a_budget_is_kept(sizes: list[int], budget: int) -> None:
    assert len(list(cover(sizes, budget))) <= budget


def test_nothing_to_combine_is_nothing() -> None:
    assert list(cover([], 5)) == []
    assert list(cover([3], 5)) == []
