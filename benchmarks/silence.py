"""
Right providers over many seeds, tidy and untidy ones: nothing red may be said of them.

    .venv/bin/python benchmarks/silence.py --seeds 50 --phases examples,coverage,stateful
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.defects.charging import Charging  # noqa: E402
from tests.defects.providers import HABITS, Projects, Provider, Untidy  # noqa: E402
from tests.defects.running import run  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--phases", default="examples,coverage,stateful,fuzzing")
    parser.add_argument("--each-habit", action="store_true")
    options = parser.parse_args()
    habits = [*({habit} for habit in HABITS if options.each_habit), set(HABITS)]
    makers = [Projects, Charging, *(lambda own=own: Untidy(frozenset(own)) for own in habits)]
    started, runs, requests, red = time.perf_counter(), 0, 0, 0
    for seed in range(options.seeds):
        for make in makers:
            provider: Provider = make()
            report = run(provider, seed=seed, phases=tuple(options.phases.split(",")))
            runs, requests, red = runs + 1, requests + report.sent, red + len(report.red)
            for incident in report.red:
                print(
                    seed,
                    sorted(getattr(provider, "habits", ())),
                    incident.check,
                    incident.finding.operation,
                    incident.finding.message,
                )
    print(f"{runs} runs, {requests:,} requests, {red} false alarms, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
