"""
What do `test` and `payloads` break? (Place, keyword) pairs over the request bodies of real documents.

    python -m benchmarks.edges [FOLDER] [--bodies 3] [--seconds 6] [--only plan] [--out FILE]

For each document, some request bodies drawn by seed. The plan of a contract run and the catalogue of payloads break what they
can; what each breaks, and what only one of them does, is counted. Then the engine is asked for all of it, as `test --thorough`
does: its plan, and the further steps until every pair of both was met. CPU seconds are those of planning, drafts included.
"""

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import mock_server
from benchmarks.labels import specs
from mock_server.contract.api import Api, OperationUnderTest, make_api
from mock_server.contract.plan import Change, OperationPlan, make_plan
from mock_server.document.model import Missing
from mock_server.errors import MockServerError, SchemaError
from mock_server.generate.edges.catalogue import Catalogue
from mock_server.generate.edges.proof import EdgeSubject
from mock_server.generate.request import RequestDraft
from mock_server.schema.dialect import Direction

Pairs = set[tuple[str, str]]


def bodies(api: Api, most: int) -> Iterator[tuple[OperationUnderTest, RequestDraft]]:
    """Yield some operations whose request has a body with a schema, drawn by seed, each with a request that has everything."""
    entries = list(api.document.entries)
    random.Random(0).shuffle(entries)
    for entry in entries:
        try:
            has_body = api.document.operation(entry).request_body is not None
        except MockServerError:
            continue
        subject = api.subject(entry, lambda parameter: ()) if has_body else None
        draft = subject.drafter.draft(full=True) if subject is not None else None
        if draft is None or draft.media is None or draft.media.schema is None or isinstance(draft.body, Missing):
            continue
        yield subject, draft
        most -= 1
        if not most:
            return


def broken_by_plan(plan: OperationPlan) -> tuple[Pairs, int, int]:
    """Return what the plan breaks in a body, how many steps break, and how many conform."""
    negative = [change for change in plan.negative if change.key is None and not isinstance(change.part, Missing)]
    return set(map(_pair, negative)), len(negative), sum(change.key is None for change in plan.positive)


def broken_further(plan: OperationPlan, left: Pairs) -> tuple[Pairs, int]:
    """Return what the further steps of a plan break in a body, and how many there are, until nothing is left to be met."""
    left, pairs, count = set(left), set(), 0
    if not left:
        return pairs, count
    for change in plan.further(("negative",)):
        if change.key is None:
            pairs.add(_pair(change))
            left.discard(_pair(change))
            count += 1
            if not left:
                break
    return pairs, count


def _pair(change: Change) -> tuple[str, str]:
    return "/".join(change.pointer), change.keyword


def broken_by_catalogue(api: Api, subject: OperationUnderTest, draft: RequestDraft, seconds: float) -> Pairs:
    """Return what the catalogue breaks in a body, as far as it comes in a time."""
    ends, pairs = time.process_time() + seconds, set()
    producer = api.kit.producer(draft.media.schema, subject.operation, direction=Direction.REQUEST)
    try:
        for edge in Catalogue(EdgeSubject(producer), ("invalid",)):
            pairs.add(("/".join(edge.pointer), edge.keyword))
            if time.process_time() > ends:
                break
    except (SchemaError, re.error) as error:
        print(f"    {subject.entry.id}: {error}", file=sys.stderr)
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", default="../shared/specs", type=Path)
    parser.add_argument("--bodies", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--only", choices=("plan", "catalogue", ""), default="")
    parser.add_argument("--out", type=Path, help="every pair as JSON, to be compared with another run's")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    found: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for path in specs(options.folder):
        try:
            api = make_api(mock_server.load(path), "", 0)
        except MockServerError as error:
            print(f"{path}: {error}", file=sys.stderr)
            continue
        for subject, draft in bodies(api, options.bodies):
            name = f"{path.parent.name} {subject.entry.id}"
            counts: Counter[str] = Counter(bodies=1)
            planned, listed = set(), set()
            if options.only != "catalogue":
                started = time.process_time()
                plan = make_plan(subject, draft)
                planned, counts["negative"], counts["positive"] = broken_by_plan(plan)
                counts["plan ms"] = round(1000 * (time.process_time() - started))
            if options.only != "plan":
                started = time.process_time()
                listed = broken_by_catalogue(api, subject, draft, options.seconds)
                counts["catalogue ms"] = round(1000 * (time.process_time() - started))
            counts |= Counter(both=len(planned & listed), plan=len(planned - listed), catalogue=len(listed - planned))
            found[name] = {"plan": sorted(planned), "catalogue": sorted(listed)}
            if not options.only:
                started = time.process_time()
                further, counts["further"] = broken_further(plan, listed - planned)
                counts["further ms"] = round(1000 * (time.process_time() - started))
                counts["engine"] = len(planned | further)
                counts["missing"] = len((planned | listed) - (planned | further))
                found[name]["missing"] = sorted((planned | listed) - (planned | further))
            total.update(counts)
            print(f"{name[:70]:70} {dict(counts)}", flush=True)
    union = total["both"] + total["plan"] + total["catalogue"]
    print(f"all: {dict(total)}")
    if not options.only:
        print(f"plan and catalogue: {union:,} pairs; of them missing from the engine: {total['missing']:,}")
    if options.out:
        options.out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
