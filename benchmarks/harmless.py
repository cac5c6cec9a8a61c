"""
A provider with precious data beside the run's own, over many seeds: nothing of it may be changed, in any phase.

    python -m benchmarks.harmless --seeds 50
"""

import argparse
import tempfile
import time
from pathlib import Path

from tests.contract.test_harmless import GIVEN, Buckets, open_buckets, run_against


def main() -> int:
    """Say what was touched, and whether everything was tried; gives 1 where something was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.harmless")
    parser.add_argument("--seeds", type=int, default=50)
    options = parser.parse_args()
    started, runs, requests, changes, touched = time.perf_counter(), 0, 0, 0, list[str]()
    with tempfile.TemporaryDirectory() as folder:
        document = open_buckets(Path(folder))
    for seed in range(options.seeds):
        for name, given in GIVEN.items():
            app = Buckets()
            report = run_against(app, document, seed, given)
            runs, requests, changes = runs + 1, requests + report.sent, changes + app.changed
            lost = ["some of it is gone"] if app.precious != Buckets().precious else []
            for text in (*app.touched, *lost):
                touched.append(text)
                print(f"seed {seed}, {name}: {text}", flush=True)
    seconds = time.perf_counter() - started
    print(
        f"{runs} runs, {requests:,} requests, {changes:,} changes of their own, {len(touched)} of precious data, {seconds:.0f} s"
    )
    return int(bool(touched))


if __name__ == "__main__":
    raise SystemExit(main())
