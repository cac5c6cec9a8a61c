"""Columns that follow from others are shared by everything that is compiled."""

from mock_server.generate.realism.pools import ROWS, Pools


def test_a_column_is_made_once_and_made_again_where_it_was_forgotten() -> None:
    pools, made = Pools("en_US", 0), []

    def make(number: int) -> tuple[str, ...]:
        made.append(number)
        return tuple(f"{number} {row}" for row in range(ROWS))

    first = pools.derive(0, lambda: make(0))

    assert pools.derive(0, lambda: make(0)) is first
    for number in range(1, 200):
        pools.derive(number, lambda number=number: make(number))  # type: ignore[misc]
    assert pools.derive(0, lambda: make(0)) == first
    assert made == [*range(200), 0]


def test_moments_of_a_kind_are_the_same_whatever_was_asked_before() -> None:
    one, other = Pools("en_US", 3), Pools("en_US", 3)
    other.moments("updated")

    assert one.moments("created") == other.moments("created") == one.moments("created")
    assert one.moments("created") != Pools("en_US", 4).moments("created")
