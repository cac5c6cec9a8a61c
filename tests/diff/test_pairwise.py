"""What holds for pairs that lead to other pairs."""

from hypothesis import given
from hypothesis import strategies as st

from mock_server.diff.pairwise import Pairwise

NODES = st.integers(0, 7)


@given(
    edges=st.dictionaries(NODES, st.lists(NODES, max_size=3)),
    wrong=st.sets(NODES, max_size=3),
    asked=st.lists(NODES, min_size=1, max_size=5),
)
def test_it_holds_where_nothing_that_is_led_to_says_otherwise(
    edges: dict[int, list[int]], wrong: set[int], asked: list[int]
) -> None:
    looked_at: list[int] = []

    def look(node: int) -> list[int] | None:
        looked_at.append(node)
        return None if node in wrong else edges.get(node, [])

    def reach(node: int) -> set[int]:
        seen, todo = set[int](), [node]
        while todo:
            each = todo.pop()
            if each not in seen:
                seen.add(each)
                todo += [] if each in wrong else edges.get(each, [])
        return seen

    pairs = Pairwise(look)

    assert [pairs.holds(node) for node in asked] == [not reach(node) & wrong for node in asked]
    assert len(looked_at) == len(set(looked_at))
