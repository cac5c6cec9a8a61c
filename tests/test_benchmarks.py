"""The arithmetic of the benchmarks: what is made of the figures of rounds. No timings."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import derive
from benchmarks.cases import UsageProblem, choose
from benchmarks.figures import Spread, add_slices, growth, metric, ratios, spread
from benchmarks.process import Command, cpu_of, members_of, running
from benchmarks.report import render_case, render_table, render_targets
from benchmarks.results import Run, load_run
from benchmarks.rounds import Measured, Plan, longest_list
from benchmarks.servers import PRISM, US
from benchmarks.soak import Soaked
from benchmarks.talk import ask_when_up
from benchmarks.targets import TARGETS, NotMeasured, compare, judge
from benchmarks.wrk import Answered, Load, LoadFailed, parse
from mock_server.respond.open import open_responder
from mock_server.settings import Settings
from tests.support.mocks import Mock

WRK = """Running 2s test @ http://127.0.0.1:4010
  1 threads and 32 connections
Requests/sec:  12033.12
{"answers": 24096, "microseconds": 2002350, "bytes": 167806944, "refused": %d, "broken": %d, "p50": 2177, "p99": 7841}
"""
# Measuring reads /proc and pins to cores, which only Linux has; the arithmetic is the same everywhere.
measuring = pytest.mark.skipif(sys.platform != "linux", reason="the harness measures on Linux only")
CORE = str(min(os.sched_getaffinity(0))) if sys.platform == "linux" else ""
positive = st.floats(min_value=1e-6, max_value=1e9)


def rounds(*rates: float) -> list[dict[str, float]]:
    """Rounds with so many answers per second of CPU, in which two seconds of CPU were taken in four."""
    one = {"seconds": 4.0, "cpu": 2.0, "p50": 1.0, "p99": 9.0}
    return [one | {"answers": 2 * rate, "body": 2 * rate * 6_819} for rate in rates]


def load_case(**subjects: list[dict[str, float]]) -> dict[str, Measured]:
    facts = {"head": 145.0, "listed": 8.0, "resident": 85e6, "peak": 86e6}
    return {name.replace("_", "-"): Measured(rounds=found, facts=facts) for name, found in subjects.items()}


def test_figures_of_wrk_are_read_in_seconds_and_milliseconds() -> None:
    assert parse(WRK % (0, 0), refused=False) == Answered(24_096, 2.00235, 167_806_944, 2.177, 7.841)


@pytest.mark.parametrize(
    ("output", "refused", "says"),
    [
        ("unable to connect to 127.0.0.1:4010", False, "printed no figures"),
        (WRK % (3, 0), False, "3 of 24096 answers had a status of 400 or above"),
        (WRK % (24_000, 0), True, "24000 of 24096 answers"),
        (WRK % (0, 2), False, "2 connections or requests broke off"),
    ],
)
def test_a_run_of_wrk_that_was_answered_otherwise_is_no_figure(output: str, refused: bool, says: str) -> None:
    with pytest.raises(LoadFailed, match=says):
        parse(output, refused=refused)


def test_refusals_are_figures_where_they_are_wanted() -> None:
    assert parse(WRK % (24_096, 0), refused=True).answers == 24_096


@given(st.lists(positive, min_size=1))
def test_a_spread_holds_half_of_the_figures_on_either_side_of_its_median(values: list[float]) -> None:
    found = spread(values)

    assert found.low <= found.median <= found.high
    assert 2 * sum(value <= found.median for value in values) >= len(values)
    assert 2 * sum(value >= found.median for value in values) >= len(values)


def test_there_is_no_spread_of_nothing() -> None:
    with pytest.raises(ValueError, match="no figures"):
        spread([])


@given(st.lists(st.tuples(st.floats(1, 1e3), st.floats(0.1, 10)), min_size=1), st.floats(0.5, 20))
def test_what_disturbs_a_whole_round_does_not_change_its_ratio(
    disturbed: list[tuple[float, float]], factor: float
) -> None:
    theirs = [rate * noise for rate, noise in disturbed]
    ours = [rate * noise * factor for rate, noise in disturbed]

    assert ratios(ours, theirs) == pytest.approx([factor] * len(disturbed))


def test_rounds_that_only_one_took_part_in_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_metrics_are_per_second_of_cpu_or_of_the_clock() -> None:
    found = rounds(1_000, 1_200)

    assert metric(found, "answers per second of server CPU") == [1_000, 1_200]
    assert metric(found, "answers per second") == [500, 600]
    assert metric(found, "bytes of bodies per second of server CPU") == [6_819_000, 8_182_800]


def test_a_round_adds_up_its_slices() -> None:
    slices = [
        {"answers": 10.0, "seconds": 1.0, "cpu": 0.5, "body": 100.0, "p50": latency, "p99": 9.0}
        for latency in (1.0, 5.0, 3.0)
    ]

    assert add_slices(slices) == {"answers": 30, "seconds": 3, "cpu": 1.5, "body": 300, "p50": 3, "p99": 9}
    with pytest.raises(ValueError, match="no slices"):
        add_slices([])


def test_the_median_of_ratios_is_not_the_ratio_of_medians() -> None:
    results = {"stored": load_case(mock_server=rounds(1_400, 100, 300), Prism=rounds(100, 10, 20))}
    rate = "answers per second of server CPU"

    assert compare(results, "stored", (US, rate), (PRISM, rate)) == Spread(14.0, 10.0, 15.0)


def test_memory_that_only_warms_up_does_not_grow() -> None:
    grown, slope = growth([(1, 50e6), (2, 80e6), *((answers, 90e6) for answers in range(10, 41))])

    assert (grown, slope) == (0, pytest.approx(0))


@given(st.floats(1, 1e5), st.integers(8, 60))
def test_memory_that_grows_with_every_answer_is_seen(each: float, count: int) -> None:
    grown, slope = growth([(answers * 1_000, 50e6 + each * answers) for answers in range(1, count + 1)])

    assert grown == pytest.approx(each * count / 2, rel=0.3)
    assert slope == pytest.approx(each, rel=1e-3)


def test_growth_is_not_told_from_too_few_points() -> None:
    with pytest.raises(ValueError, match="too few points"):
        growth([(10, 50e6)])


def test_a_target_is_met_by_the_median() -> None:
    results = {"stored": load_case(mock_server=rounds(1_400, 1_500, 100), Prism=rounds(100, 100, 100))}
    verdict = next(found for found in judge(results) if found.target.title == "stored example: times Prism")

    assert (verdict.value, verdict.is_met) == (Spread(14.0, 1.0, 15.0), True)


def test_a_target_that_was_not_measured_is_neither_met_nor_missed() -> None:
    results = {"stored": load_case(mock_server=rounds(1_000)) | {PRISM: Measured(trouble="node is not installed")}}
    verdicts = {verdict.target.title: verdict for verdict in judge(results)}

    assert verdicts["stored example: times Prism"].is_met is None
    assert verdicts["stored example: times Prism"].reason == "Prism: node is not installed"
    assert verdicts["POST, valid: times Prism"].reason == "the case valid was not run"
    with pytest.raises(NotMeasured, match="was not run"):
        compare(results, "cold", (US, "p50"), (PRISM, "p50"))


def test_targets_below_a_bound_are_met_from_below() -> None:
    cold = next(target for target in TARGETS if target.title.startswith("default document, CPU"))

    assert (cold.is_met(0.59), cold.is_met(0.61)) == (True, False)


def test_tables_show_ratios_and_what_went_wrong() -> None:
    subjects = load_case(mock_server=rounds(1_400, 1_500, 1_300), Prism=rounds(100, 100, 100))
    shown = render_case("stored", {**subjects, "WireMock": Measured(trouble="java is not installed")})

    assert "| mock-server | 1,400 (1,300-1,500) |  |  | 700 | 1 | 9 | 6.82 | 85 |" in shown
    assert "| Prism | 100 |  | 14 (13-15) | 50 |" in shown
    assert "- WireMock was not measured: java is not installed" in shown


def test_a_peer_is_compared_with_us_on_the_same_document() -> None:
    ours = {f"{US}, 1 operation": rounds(200), f"{US}, 1,000 operations": rounds(100)}
    shown = render_case("operations", load_case(**ours, **{f"{PRISM}, 1,000 operations": rounds(10)}))

    assert f"| {US}, 1,000 operations | 100 |  |  |" in shown
    assert f"| {PRISM}, 1,000 operations | 10 |  | 10 |" in shown


def test_a_run_on_a_crowded_machine_says_so() -> None:
    crowded = render_case("stored", load_case(mock_server=rounds(1_400)))
    alone = render_case("stored", load_case(mock_server=[one | {"seconds": one["cpu"]} for one in rounds(1_400)]))

    assert "servers had at most 0.50 of 1" in crowded
    assert "Other programs" not in alone


def test_a_run_of_nothing_says_so() -> None:
    assert "Nothing was measured." in render_case("workers", {})
    assert render_targets(judge({})).count("| ? |") == len(TARGETS)


def test_tables_are_markdown() -> None:
    assert render_table([["a", "b"], ["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_a_run_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.results.RESULTS", tmp_path)
    plan = Plan(rounds=3, seconds=2, warm_up=2, warm_up_jit=8, starts=3, answers=10)
    cases = {"stored": load_case(mock_server=rounds(1_400))}
    run = Run(
        began="2026-11-23T06:00:00+00:00", mode="quick", plan=plan, machine={"memory": "1 GB"}, versions={}, cases=cases
    )

    assert load_run(run.save()) == run


def test_a_file_that_is_no_run_is_said(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"cases": {}}')

    with pytest.raises(ValueError, match="holds no run"):
        load_run(path)


def test_cases_and_products_are_chosen_by_words() -> None:
    cases, products = choose(["prism", "generated", "stored"])

    assert ([case.name for case in cases], products) == (["stored", "generated"], {"prism"})
    assert choose([])[1] == frozenset()
    with pytest.raises(UsageProblem, match="'apache' is no case"):
        choose(["apache"])


def test_violations_are_counted_whatever_a_product_calls_them() -> None:
    assert longest_list({"title": "Bad", "validation": [{"code": "format"}, {"code": "type"}]}) == 2
    assert longest_list({"detail": ["words", "more", "words"]}) == 0
    assert longest_list(None) == 0


@measuring
def test_the_cpu_time_of_a_group_counts_children_that_ended() -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    command = f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {burn!r}])\nprint(flush=True)\ntime.sleep(30)"
    process = subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        members, cpu = members_of(process.pid), cpu_of(process.pid)
    finally:
        process.kill()
        process.communicate()

    assert members == [process.pid]
    assert cpu >= 0.2
    assert cpu_of(process.pid) == 0


@measuring
def test_a_server_listens_only_where_its_own_process_does(tmp_path: Path) -> None:
    idle = Command(words=(sys.executable, "-c", "import time; time.sleep(30)"))
    with running(idle, CORE, tmp_path / "log") as server, socket.socket() as foreign:
        foreign.bind(("127.0.0.1", server.port))
        foreign.listen()

        assert not server.is_listening()


@measuring
def test_a_server_is_known_by_the_socket_it_listens_on(tmp_path: Path) -> None:
    command = Command(words=(sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1"), folder=tmp_path)
    with running(command, CORE, tmp_path / "log") as server:
        answer = ask_when_up(server, Load(targets=("/log",)))
        members = members_of(server.leader)

    assert answer.status == 200
    assert members == [server.leader]
    assert members_of(server.leader) == []


@measuring
def test_the_clock_of_a_process_is_its_cpu_time() -> None:
    before = time.process_time()
    measured = cpu_of(os.getpid())

    assert measured >= before


@pytest.mark.parametrize("name", ["drivers", "generated", "recursive", "orders", "many"])
def test_the_documents_are_answered(tmp_path: Path, name: str) -> None:
    made = {
        "drivers": (derive.drivers()[0], derive.STORED_TARGET, None, 200),
        "generated": (derive.generated(), derive.GENERATED_TARGET.replace("{n}", "7"), None, 200),
        "recursive": (derive.recursive(), derive.GENERATED_TARGET.replace("{n}", "7"), None, 200),
        "orders": (derive.orders(), "/orders", derive.order(), 201),
        "many": (derive.many(20), derive.many_targets(20)[-1], None, 200),
    }
    document, target, body, status = made[name]
    path = tmp_path / "document.json"
    path.write_bytes(derive.dump(document))
    mock = Mock(open_responder(str(path), Settings(source=("example", "generated"))).responder)

    answer = mock.ask(target, "POST" if body else "GET", json=body)

    assert answer.status == status


def test_a_broken_order_breaks_the_document_in_as_many_places_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    path.write_bytes(derive.dump(derive.orders()))
    mock = Mock(open_responder(str(path), Settings()).responder)

    answer = mock.ask("/orders", "POST", json=derive.broken_order())

    assert (answer.status, len(answer.findings)) == (422, derive.BROKEN)


def test_sizes_are_those_that_the_titles_say() -> None:
    assert 6.6 * 1024 <= len(derive.dump(derive.drivers()[1])) <= 6.8 * 1024
    assert 5.8 * 1024 <= len(derive.dump(derive.order())) <= 6.3 * 1024


def test_the_operations_that_are_asked_lie_all_over_a_document() -> None:
    targets = derive.many_targets(10_000)

    assert len(set(targets)) == 100
    assert (targets[0], targets[-1]) == ("/area0/group0/things0/7", "/area9/group99/things9999/7")
    assert len(derive.many_targets(1)) == 1


@pytest.mark.parametrize(
    ("resident", "kept", "is_level"),
    [
        ([50, 80, *[100] * 20, *[105] * 38], 90, True),
        ([50, 80, *[100] * 20, *[105] * 37, 111], 90, False),
        ([*range(50, 110)], 90, False),
        ([50, 80, *[100] * 58], 106, False),
    ],
)
def test_memory_is_level_where_it_stays_where_it_was_after_a_fifth_of_the_time(
    resident: list[int], kept: int, is_level: bool
) -> None:
    assert Soaked(memory=100, resident=resident, kept=kept).is_level is is_level
