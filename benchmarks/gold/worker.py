"""
The process that makes items: it prints each as a line of JSON, and how much time it took to standard error.

It runs in an empty folder, with an environment that says nothing of the machine; `still` starts it.
"""

import argparse
import json
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.gold.sets import Source, iter_items, large, small
from benchmarks.gold.still import mask


def run(sources: Sequence[Source]) -> None:
    """Make the items of documents, each in a folder of its own."""
    start = Path.cwd()
    out = sys.stdout
    for source in sources:
        folder = start / source.name
        folder.mkdir()
        os.chdir(folder)
        for key, text in iter_items(source, folder):
            out.write(json.dumps([f"{source.name} | {key}", mask(text).replace(str(start), "<folder>")]) + "\n")
            out.flush()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{used.ru_utime + used.ru_stime:.1f} s of CPU, {used.ru_maxrss // 1024} MB", file=sys.stderr)


def main() -> int:
    """Make items, or list the documents."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--large", type=Path)
    parser.add_argument("--cap", type=int, default=40)
    args = parser.parse_args()
    sources = small() if args.large is None else large(args.large, args.cap)
    if args.list:
        print("\n".join(source.name for source in sources))
        return 0
    run([source for source in sources if source.name in args.names])
    return 0


if __name__ == "__main__":
    sys.exit(main())
