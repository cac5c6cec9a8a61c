"""
The untidy provider of `tests/untidy` over many seeds: right, and with all its planted defects at once.

    python -m benchmarks.untidy --seeds 50
"""

import argparse
import time

from tests.untidy.test_workshop import ALL, run, says, told
from tests.untidy.workshop import PLANTED, Workshop


def main() -> None:
    """Say what was missed and what was said without reason."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.untidy")
    parser.add_argument("--seeds", type=int, default=50)
    options = parser.parse_args()
    started, requests, missed, false = time.perf_counter(), 0, 0, 0
    for seed in range(options.seeds):
        right, wrong = run(Workshop(), seed), run(Workshop(ALL), seed)
        requests += right.sent + wrong.sent
        certain = [incident for incident in wrong.incidents if not incident.doubtful]
        absent = [planted.name for planted in PLANTED if not any(says(planted, each) for each in certain)]
        others = [each for each in wrong.red if not any(says(planted, each) for planted in PLANTED)]
        alarms = told([*right.red, *others])
        missed, false = missed + len(absent), false + len(alarms)
        for line in (*(f"missed: {name}" for name in absent), *(f"false: {text}" for text in alarms)):
            print(f"seed {seed}: {line}", flush=True)
    planted = options.seeds * len(PLANTED)
    seconds = time.perf_counter() - started
    print(f"{planted - missed} of {planted} found, {false} false alarms, {requests:,} requests, {seconds:.0f} s")


if __name__ == "__main__":
    main()
