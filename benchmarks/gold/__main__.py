"""The command line of gold: see the package."""

import argparse
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.gold.still import ENVIRONMENT
from benchmarks.gold.sums import checksum, iter_diff, iter_differences, keep_texts, read_sums, read_texts, write_sums

ROOT = Path(__file__).resolve().parent.parent.parent
SUMS = ROOT / "tests" / "gold" / "sums.txt"
ADVICE = """
If nothing was to change, this is a mistake: look at the text behind a key with
    python -m benchmarks.gold --show 'KEY'
here and in a checkout of the commit before. If the change is meant, write the checksums anew and say why in the commit:
    make gold ARGS=--write"""


def make(names: Sequence[str], args: argparse.Namespace) -> dict[str, str]:
    """Make the items of some documents in a process of their own, and read its output."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.gold.still",
        *(["--large", str(args.folder), "--cap", str(args.cap)] if args.large else []),
    ]
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "PYTHONHASHSEED", "LD_LIBRARY_PATH") if name in os.environ
    }
    environment |= {**ENVIRONMENT, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command, *names], capture_output=True, text=True, cwd=folder, env=environment, check=False
        )
    ended_by_limit = done.returncode in {-signal.SIGXCPU, -signal.SIGKILL}
    if done.returncode and not (args.large and ended_by_limit):
        sys.exit(f"{', '.join(names)}: exit {done.returncode}\n{done.stderr[-3000:]}")
    if done.returncode:
        print(f"{', '.join(names)}: took too long; what was made until then counts", file=sys.stderr)
    made = dict(json.loads(line) for line in done.stdout.splitlines() if line.endswith("]"))
    print(
        f"{', '.join(names)}: {len(made)} items; {done.stderr.strip().rpartition(chr(10))[2]}",
        flush=True,
        file=sys.stderr,
    )
    return made


def make_all(args: argparse.Namespace) -> dict[str, str]:
    """Make all items that are wanted."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.gold.still",
        "--list",
        *(["--large", str(args.folder)] if args.large else []),
    ]
    listed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout.split()
    words = [word for word in args.documents.split(",") if word]
    names = [name for name in listed if not words or any(word in name for word in words)]
    jobs = [[name] for name in names] if args.large else [names]
    texts: dict[str, str] = {}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for made in pool.map(lambda job: make(job, args), jobs):
            texts |= made
    return texts


def compare(old: dict[str, str], texts: dict[str, str], keep: Path | None) -> int:
    """Print what differs, with the difference of the texts where the old ones were kept."""
    differences = list(iter_differences(old, {key: checksum(text) for key, text in texts.items()}))
    for key, how in differences:
        print(f"{how}: {key}")
        before = read_texts(keep, key.partition(" | ")[0]).get(key) if keep is not None and how == "changed" else None
        for line in iter_diff(before, texts[key]) if before is not None else ():
            print(f"    {line}")
    print(f"{len(texts)} items, {len(differences)} differ" + (ADVICE if differences else ""))
    return int(bool(differences))


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gold", description="Compare what the program makes with what it made."
    )
    parser.add_argument(
        "--write", nargs="?", const=SUMS, type=Path, help="write the checksums, of the small set to tests/gold"
    )
    parser.add_argument("--against", type=Path, default=SUMS, help="compare with this file")
    parser.add_argument(
        "--keep", type=Path, help="a folder: keep the texts there with --write, print differences with --against"
    )
    parser.add_argument(
        "--show", metavar="KEY", help="print the text of this item of the small or, with --large, the large set"
    )
    parser.add_argument("--large", action="store_true", help="real documents rather than those of the tests")
    parser.add_argument(
        "--folder", type=Path, default=ROOT.parent / "shared" / "specs", help="where the real documents are"
    )
    parser.add_argument("--cap", type=int, default=40, help="operations of each real document")
    parser.add_argument("--documents", default="", help="only those whose name has one of these words, with commas")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    if args.large and args.show is None and SUMS in {args.write, None if args.write else args.against}:
        parser.error("--large takes a file of its own: --write FILE or --against FILE")
    if args.show is not None:
        args.documents = args.show.partition(" | ")[0]
    started = time.monotonic()
    texts = make_all(args)
    if args.show is not None:
        print(texts.get(args.show, "there is no such item"))
        return int(args.show not in texts)
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    if args.write is None:
        old = read_sums(args.against)
        words = [word for word in args.documents.split(",") if word]
        chosen = {
            key: value
            for key, value in old.items()
            if not words or any(word in key.partition(" | ")[0] for word in words)
        }
        return compare(chosen, texts, args.keep)
    write_sums(args.write, {key: checksum(text) for key, text in texts.items()})
    by_document: dict[str, dict[str, str]] = {}
    for key, text in texts.items():
        by_document.setdefault(key.partition(" | ")[0], {})[key] = text
    for name, own in by_document.items() if args.keep is not None else ():
        keep_texts(args.keep, name, own)
    print(f"{args.write}: {len(texts)} items")
    return 0


if __name__ == "__main__":
    sys.exit(main())
