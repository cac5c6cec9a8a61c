"""A small part of `benchmarks/mutations.py`: single edits of real documents, with no wrong verdict."""

import pytest

from benchmarks.mutations import SPECS, run

SMALL = (
    "Redocly-museum-openapi-example/openapi.yaml",
    "bump-sh-examples-train-travel-api/openapi.yaml",
    "matrix-org-matrix-spec-client-server-pushrules/pushrules.yaml",
    "hey-api-openapi-ts-2.0.x-full/full.yaml",
)


@pytest.mark.parametrize("name", [name for name in SMALL if (SPECS / name).is_file()])
def test_single_edits_have_no_wrong_verdict(name: str) -> None:
    tally = run(SPECS / name, 5, seed=3)

    assert tally.edits
    assert (tally.wrong_breaking, tally.wrong_compatible) == ([], [])
    assert tally.verdicts["unknown"] <= 1
