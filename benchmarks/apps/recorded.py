"""An answer in a folder: what one server said, for another to say again."""

from dataclasses import dataclass
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer, all of it but what the HTTP server adds."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "head.json").write_bytes(orjson.dumps({"status": self.status, "fields": self.fields}))
        (folder / "body").write_bytes(self.body)


def load_recorded(folder: Path) -> Recorded:
    """Read an answer that `save` wrote."""
    head = orjson.loads((folder / "head.json").read_bytes())
    fields = tuple((name, value) for name, value in head["fields"])
    return Recorded(head["status"], fields, (folder / "body").read_bytes())
