"""Figures as Markdown: the targets in a section of `README.md`, and a table for each case in `cases.md`."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from benchmarks.cases import CASES, Kind
from benchmarks.derive import BROKEN
from benchmarks.figures import Spread, metric, spread
from benchmarks.places import CASES_PAGE, PAGE, PLOT
from benchmarks.results import Run
from benchmarks.rounds import Measured
from benchmarks.servers import DEFAULTS, US
from benchmarks.targets import NotMeasured, Verdict, compare, judge, memory_growth

_BEGIN: Final = "<!-- figures: `make bench-report` writes them -->"
_END: Final = "<!-- end of figures -->"
_ALONE: Final = 0.9  # of a core: what a server under full load takes when nobody else wants it
_CORES: Final[Mapping[Kind, int]] = MappingProxyType(
    {"load": 1, "workers": 2, "start": 0, "memory": 0}
)  # a loaded server has
_DOUBT: Final = (
    "**Other programs ran at the same time** (see the remarks below the tables). That costs servers that compile while they "
    "run more than others, so ratios to Prism, Scalar and WireMock are too high: repeat this on a machine that is at rest."
)
_RATE: Final = "answers per second of server CPU"
_FIRST: Final = "CPU to first answer"
_OURS: Final = ("ours by default ÷ its", "our fastest ÷ its")

Subjects = Mapping[str, Measured]


def render_case(name: str, subjects: Subjects) -> str:
    """Write the table of a case, with its title."""
    case = CASES[name]
    tables: Mapping[str, Callable[[str, Subjects], list[list[str]]]] = {
        "load": _load_table,
        "start": _start_table,
        "memory": _memory_table,
        "workers": _workers_table,
    }
    measured = {subject: found for subject, found in subjects.items() if not found.trouble}
    parts = [f"**{case.title}** (`{name}`)", ""]
    parts += [render_table(tables[case.kind](name, measured))] if measured else ["Nothing was measured."]
    crowded = _crowded(measured, _CORES[case.kind])
    troubles = [f"{subject} was not measured: {found.trouble}" for subject, found in subjects.items() if found.trouble]
    notes = [f"{subject}: {found.note}." for subject, found in measured.items() if found.note]
    remarks = [f"- {line}" for line in (*notes, *troubles, *crowded)]
    return "\n".join([*parts, *(["", *remarks] if remarks else [])])


def render_targets(verdicts: list[Verdict]) -> str:
    """Write the table of targets."""
    rows = [["target", "wanted", "measured", "met"]]
    for verdict in verdicts:
        target, value = verdict.target, verdict.value
        wanted = f"{'at least' if target.at_least else 'at most'} {_number(target.bound)}{target.unit}"
        shown = _spread(value, target.unit) if value is not None else verdict.reason
        rows.append([target.title, wanted, shown, {True: "yes", False: "**no**", None: "?"}[verdict.is_met]])
    return render_table(rows)


def render_run(run: Run) -> str:
    """Write how a run was made, and which targets it met."""
    plan = run.plan
    amount = f"{plan.rounds} rounds of {plan.seconds} s for each server of a case, {plan.starts} starts"
    facts = [
        f"Measured on {run.began[:10]} in {run.mode} mode: {amount}. Medians, with the lowest and highest in parentheses.",
        "",
        f"Machine: {'; '.join(f'{name} {value}' for name, value in run.machine.items())}.",
        "",
        f"Versions: {', '.join(f'{name} {version}' for name, version in run.versions.items())}.",
    ]
    if any(_crowded(subjects, _CORES[CASES[name].kind]) for name, subjects in run.cases.items()):
        facts += ["", _DOUBT]
    return "\n\n".join(["\n".join(facts), "### Targets\n\n" + render_targets(judge(run.cases))])


def render_cases(run: Run) -> str:
    """Write the page of a run's cases."""
    began = f"Each case of the run of {run.began[:10]}; [`README.md`](README.md) says how it was measured."
    head = f"# Cases\n\n{began} `make bench-report` writes this page."
    return "\n\n".join([head, *(render_case(name, subjects) for name, subjects in run.cases.items())]) + "\n"


def write_page(run: Run) -> None:
    """
    Replace the figures in `README.md`, leaving the text around them, and the page of cases.

    Raises:
        ValueError: the page has no place for them.
    """
    text = PAGE.read_text()
    begin, end = text.find(_BEGIN), text.find(_END)
    if not 0 <= begin < end:
        raise ValueError(f"{PAGE} has to have the lines {_BEGIN} and {_END}")
    section = f"{_BEGIN}\n\n![Answers per second of server CPU]({PLOT.name})\n\n{render_run(run)}\n\n"
    PAGE.write_text(text[:begin] + section + text[end:])
    CASES_PAGE.write_text(render_cases(run))


def render_table(rows: list[list[str]]) -> str:
    """Write a table, the first row being its head; columns of numbers stand to the right."""
    right = [
        all(re.match(r"[\d-]", row[column]) or not row[column] for row in rows[1:]) for column in range(len(rows[0]))
    ]
    rule = ["---:" if is_right else "---" for is_right in right]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])


def _crowded(measured: Subjects, cores: int) -> list[str]:
    """A remark where not even the busiest server had its cores for itself: latencies and answers per second mean little then."""
    shares = [
        spread(metric(found.rounds, "share of a core")).median for found in measured.values() if cores and found.rounds
    ]
    if not shares or max(shares) >= _ALONE * cores:
        return []
    return [f"Other programs ran on the same cores: servers had at most {max(shares):.2f} of {cores}."]


def _load_table(name: str, subjects: Subjects) -> list[list[str]]:
    listed = name == "invalid"
    head = [
        "server",
        "answers / s of its CPU",
        *_OURS,
        "answers / s",
        "p50, ms",
        "p99, ms",
        "body, KB",
        "resident, MB",
    ]
    rows = [[*head, "violations listed"] if listed else head]
    for subject, found in subjects.items():
        sizes = spread([one["body"] / one["answers"] for one in found.rounds])
        row = [
            subject,
            _spread(spread(metric(found.rounds, _RATE))),
            *_ratios(name, subjects, subject, _RATE),
            _number(spread(metric(found.rounds, "answers per second")).median),
            _number(spread(metric(found.rounds, "p50")).median),
            _number(spread(metric(found.rounds, "p99")).median),
            _number(sizes.median / 1000),
            _number(found.facts["resident"] / 1e6),
        ]
        rows.append([*row, f"{found.facts['listed']:.0f} of {BROKEN}"] if listed else row)
    return rows


def _start_table(name: str, subjects: Subjects) -> list[list[str]]:
    rows = [["server", "CPU, s", *_OURS, "time, s", "resident, MB", "peak, MB", *_OURS]]
    rows += [
        [
            subject,
            _spread(spread(metric(found.rounds, _FIRST))),
            *_ratios(name, subjects, subject, _FIRST),
            _number(spread(metric(found.rounds, "seconds to first answer")).median),
            _number(spread(metric(found.rounds, "resident memory")).median / 1e6),
            _number(spread(metric(found.rounds, "peak memory")).median / 1e6),
            *_ratios(name, subjects, subject, "peak memory"),
        ]
        for subject, found in subjects.items()
    ]
    return rows


def _memory_table(_: str, subjects: Subjects) -> list[list[str]]:
    rows = [
        [
            "server",
            "answers",
            "resident at first, MB",
            "at last, MB",
            "last quarter over the second, MB",
            "KB per 1,000 answers",
        ]
    ]
    for subject, found in subjects.items():
        first, last = found.rounds[0], found.rounds[-1]
        try:
            grown, slope = memory_growth(found)
            growing = [f"{grown / 1e6:.2f}", f"{slope / 1000:.2f}"]
        except NotMeasured as error:
            growing = [str(error), ""]
        sizes = [_number(first["resident"] / 1e6), _number(last["resident"] / 1e6)]
        rows.append([subject, _number(last["answers"]), *sizes, *growing])
    return rows


def _workers_table(name: str, subjects: Subjects) -> list[list[str]]:
    one = next(iter(subjects))
    rows = [["server", "answers / s", "times the first", "answers / s of its CPU", "cores kept busy", "resident, MB"]]
    rows += [
        [
            subject,
            _spread(spread(metric(found.rounds, "answers per second"))),
            _ratio(name, subjects, subject, one, "answers per second"),
            _number(spread(metric(found.rounds, _RATE)).median),
            _number(spread(metric(found.rounds, "share of a core")).median),
            _number(found.facts["resident"] / 1e6),
        ]
        for subject, found in subjects.items()
    ]
    return rows


def _ratios(case: str, subjects: Subjects, below: str, name: str) -> list[str]:
    """The ratios of ourselves to another server, with default settings and the fastest; with the same document."""
    found = []
    for ours in (DEFAULTS, US):
        alike = ours + "".join(below.partition(", ")[1:])
        found.append(_ratio(case, subjects, alike if alike in subjects else ours, below, name))
    return found


def _ratio(case: str, subjects: Subjects, above: str, below: str, name: str) -> str:
    """The ratio of two servers within rounds; nothing where one of them was not measured, or both are the same."""
    if above == below:
        return ""
    try:
        return _spread(compare({case: subjects}, case, (above, name), (below, name)))
    except NotMeasured:
        return ""


def _spread(value: Spread, unit: str = "") -> str:
    shown, low, high = (_number(number) for number in (value.median, value.low, value.high))
    return f"{shown}{unit}" if low == high else f"{shown}{unit} ({low}-{high})"


def _number(value: float) -> str:
    """Three digits that count, and no more."""
    if abs(value) >= 1000:
        return f"{round(value, 2 - len(str(int(abs(value)))) + 1):,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
