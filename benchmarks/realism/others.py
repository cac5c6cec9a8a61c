"""Other generators on the same fields, by `generators.cjs`: each gets the object that a field belongs to."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.places import find_program
from benchmarks.realism.fields import UNNAMED, Field

_SCRIPT = Path(__file__).resolve().parent / "generators.cjs"
_TIMEOUT = 300  # seconds for all of it


def iter_values(
    fields: list[Field], modules: Path, seeds: list[int]
) -> Iterator[tuple[str, tuple[str, str, str], list[Any]]]:
    """
    Iterate over the values of each generator that is installed: its name, the field's key, the values.

    Args:
        fields: What is asked for.
        modules: A folder `node_modules`.
        seeds: One value for each.
    """
    asked = [{"around": field.around, "name": _name(field)} for field in fields]
    run = subprocess.run(
        [find_program("node"), str(_SCRIPT), str(modules.resolve())],
        input=json.dumps({"fields": asked, "rounds": len(seeds)}), capture_output=True, text=True, timeout=_TIMEOUT, check=True,
    )  # fmt: skip
    for line in run.stdout.splitlines():
        row = json.loads(line)
        value = row.get("value")
        values = [value] if isinstance(value, str | int | float) and not isinstance(value, bool) else []
        yield row["tool"], fields[row["field"]].key, values


def _name(field: Field) -> str:
    return next((step for step in reversed(field.place.split("/")) if step not in {"*", ""}), UNNAMED)
