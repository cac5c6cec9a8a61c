"""What the program answers and writes is, byte for byte, what it was; `benchmarks.gold` says of what."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gold.still import MASKS, mask
from benchmarks.gold.sums import iter_diff, iter_differences, keep_texts, read_sums, read_texts, write_sums

ROOT = Path(__file__).resolve().parent.parent.parent


def test_everything_is_as_it_was() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gold"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_what_changed_is_named() -> None:
    assert list(iter_differences({"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "4", "d": "5"})) == [
        ("a", "gone"),
        ("c", "changed"),
        ("d", "new"),
    ]


def test_sums_and_texts_are_read_as_they_were_written(tmp_path: Path) -> None:
    sums = {"todos | GET /a  b | state": "0123", "todos | é": "4567"}
    write_sums(tmp_path / "sums.txt", sums)
    keep_texts(tmp_path, "todos", {"todos | é": "a\n\ud800"})

    assert read_sums(tmp_path / "sums.txt") == sums
    assert read_texts(tmp_path, "todos") == {"todos | é": "a\n\ud800"}
    assert read_texts(tmp_path, "another") == {}


def test_a_long_difference_is_cut() -> None:
    lines = list(iter_diff("\n".join(map(str, range(500))), "x" * 9_000))

    assert len(lines) < 70
    assert max(map(len, lines)) < 500


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("5 requests in 0.1 s", "5 requests in <seconds>"),
        ('{"seconds":0.25}', '{"seconds":<seconds>}'),
        ('<testsuite time="1.5e-05">', '<testsuite time="<seconds>">'),
        ('"stop":1767225600070', '"stop":<moment>'),
        ("within 3 m", "within 3 m"),
    ],
)
def test_only_what_cannot_be_held_still_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked
    assert all(reason for _, _, reason in MASKS)
