"""The labels of real documents hold, judged by the `jsonschema` package; `benchmarks/labels.py` takes more of each."""

from pathlib import Path

import pytest

from benchmarks.labels import Shares, check_document, specs
from tests.support.paths import DOCUMENT, ROOT, SHARED

FEATURES = [
    ROOT / "tests" / "corpus" / "features" / name for name in ("circular.yaml", "polymorphism.yaml", "values.yaml")
]
SPECS = specs(SHARED / "specs")[:24] if (SHARED / "specs" / "manifest.jsonl").is_file() else []


def test_every_label_of_the_charger_document_holds() -> None:
    shares = check_document(DOCUMENT, 1, 300, 1_000)

    assert shares.examples == []
    assert shares.share == 1
    assert shares.pairs > 150
    assert set(shares.made) == {"realistic", "boundary", "extreme", "invalid", "incoherent", "pairwise"}


def test_the_labels_of_its_requests_hold() -> None:
    assert check_document(DOCUMENT, 1, 60, 1_000, "request").examples == []


@pytest.mark.parametrize("path", [*FEATURES, *SPECS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_labels_of_a_real_document_hold(path: Path) -> None:
    shares: Shares = check_document(path, 2, 4, 60)

    assert shares.falsely_valid == 0, shares.examples
    assert shares.share >= 0.99, shares.examples
