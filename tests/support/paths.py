"""Where things are that tests read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "openapi.yaml"
SHARED = ROOT.parent / "shared"
TALLY = "answers by verdict"  # the property of a test by which the walk over documents counts
