"""Delays wait as long as they say, keep nobody else waiting, and end with the server or the client."""

import contextlib
import math
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.delay import LONGEST, Delay, Fixed, LogNormal, Uniform, parse_delay
from mock_server.errors import UsageError
from mock_server.faults import Fault, FaultKind, FaultSettings, OperationFaults, parse_disturbances, parse_fault
from mock_server.server.connection.raw import RawConnection
from mock_server.server.faults.deliver import SeededFaultInjector, pause
from mock_server.settings import merge_settings
from tests.support.listening import Listening, listening, read_answer, request
from tests.support.mocks import minimal, operation
from tests.support.servers import Server

DOCUMENT = minimal(
    {"/a": {"get": operation({"type": "integer"})}, "/b": {"get": operation({"type": "integer"}, operationId="b")}}
)

amounts = st.integers(0, LONGEST).map(float)
delays = st.one_of(
    st.builds(Fixed, amounts),
    st.tuples(amounts, amounts).map(lambda pair: Uniform(min(pair), max(pair))),
    st.builds(LogNormal, amounts, st.integers(0, 100).map(lambda tenths: tenths / 10)),
)
kinds = st.sampled_from([kind for kind in FaultKind if kind is not FaultKind.ERROR])
faults = st.one_of(
    st.builds(Fault, kind=kinds, rate=st.floats(0, 1, allow_subnormal=False).map(lambda rate: round(rate, 6))),
    st.builds(Fault, kind=st.just(FaultKind.ERROR), argument=st.integers(400, 599), turn=st.integers(1, 10_000)),
)
disturbed = st.builds(
    OperationFaults, delay=st.none() | delays, faults=st.none() | st.lists(faults, max_size=3).map(tuple)
)


class Clock:
    """Notes how long was waited for, and lets no time pass."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    async def wait(self, line: RawConnection | None, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Listening]:
    with listening(DOCUMENT, tmp_path) as running:
        yield running


def ask(server: Listening, target: str, *fields: str) -> tuple[int, dict[str, str], bytes]:
    with server.connect() as connection:
        connection.sendall(request(target, *fields))
        return read_answer(connection)


@given(delays)
def test_a_delay_is_read_as_it_is_written(delay: Delay) -> None:
    assert parse_delay(delay.json()) == delay
    assert parse_delay(str(delay)) == delay


@given(faults)
def test_a_fault_is_read_as_it_is_written(fault: Fault) -> None:
    assert parse_fault(fault.json()) == fault
    assert parse_fault(str(fault)) == fault


@given(st.builds(FaultSettings, all=disturbed, operations=st.dictionaries(st.text(), disturbed, max_size=2)))
def test_what_is_set_is_read_as_it_is_written(settings: FaultSettings) -> None:
    assert parse_disturbances(settings.json()) == settings


@given(delays, st.integers())
def test_no_delay_is_negative_or_longer_than_ten_minutes(delay: Delay, seed: int) -> None:
    assert 0 <= delay.draw(Random(seed)) <= 600_000


def test_delays_are_spread_as_they_say() -> None:
    random = Random(1)
    uniform = [Uniform(100, 300).draw(random) for _ in range(4_000)]
    skewed = [LogNormal(80, 0.4).draw(random) for _ in range(4_000)]

    assert min(uniform) >= 100
    assert max(uniform) <= 300
    assert statistics.mean(uniform) == pytest.approx(200, rel=0.05)
    assert statistics.median(skewed) == pytest.approx(80, rel=0.05)
    assert statistics.stdev(map(math.log, skewed)) == pytest.approx(0.4, rel=0.1)


@pytest.mark.parametrize(
    "written",
    ["", "soon", "-1", "600001", "300..100", "lognormal:80", "lognormal:80,11", True, None, [], {"type": "fixed"}, {"type": "gamma"},
     {"type": "fixed", "milliseconds": "9"}, {"type": "uniform", "lower": 1, "upper": 2, "maximum": 3}, float("nan"), float("inf"),
     "٣"],
)  # fmt: skip
def test_what_is_no_delay_is_refused(written: object) -> None:
    with pytest.raises(UsageError, match="delay"):
        parse_delay(written)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "written",
    ["", "flood", "error:200", "error:600", "reset:5", "dribble:600001", "reset@2", "reset@-1", "reset@101%", "reset@#0", "reset@", "reset@.", None,
     {"fault": "reset", "rate": 1, "turn": 1}, {"fault": "reset@1"}, {"name": "reset"}, {"fault": "reset", "rate": "nan"},
     {"fault": "reset", "turn": 1.5}],
)  # fmt: skip
def test_what_is_no_fault_is_refused(written: object) -> None:
    with pytest.raises(UsageError, match="fault|error|dribble"):
        parse_fault(written)  # type: ignore[arg-type]


def test_settings_are_for_all_operations_and_for_one() -> None:
    settings = merge_settings({"delay": "5", "fault": ["reset@#3"], "operations": {"b": {"delay": "0"}}}).disturbances

    assert settings.all == OperationFaults(delay=Fixed(5), faults=(Fault(kind=FaultKind.RESET, turn=3),))
    assert settings.for_operation("b", "GET /b") == OperationFaults(delay=Fixed(0))
    assert merge_settings({"fault": "reset@1%,empty"}).fault == (
        Fault(kind=FaultKind.RESET, rate=0.01),
        Fault(kind=FaultKind.EMPTY),
    )


def test_an_answer_waits_as_long_as_is_set(server: Listening) -> None:
    clock = Clock()
    settings = parse_disturbances({"delay": 250, "operations": {"GET /b": {"delay": "1000..2000"}}})
    server.backend.disturber = SeededFaultInjector(settings, "0", clock.wait)

    assert ask(server, "/a")[0] == 200
    assert ask(server, "/b")[0] == 200
    assert ask(server, "/b", "prefer: delay=7")[1]["preference-applied"] == "delay=7"
    assert clock.waited[0] == 0.25
    assert 1 <= clock.waited[1] <= 2
    assert clock.waited[2:] == [0.007]


def test_a_preferred_delay_is_waited_for(server: Listening) -> None:
    started = time.monotonic()
    status, fields, _ = ask(server, "/a", 'prefer: delay="50..60"')

    assert time.monotonic() - started >= 0.05
    assert (status, fields["preference-applied"]) == (200, "delay=50..60")


def test_a_delayed_answer_keeps_no_other_waiting(server: Listening) -> None:
    with server.connect() as slow:
        slow.sendall(request("/a", "prefer: delay=600000"))
        answers = [ask(server, "/b")[0] for _ in range(5)]

    assert answers == [200] * 5


def test_who_leaves_is_not_waited_for(server: Listening) -> None:
    finished = []

    async def wait(line: RawConnection | None, seconds: float) -> None:
        await pause(line, seconds)
        finished.append(seconds)

    server.backend.disturber = SeededFaultInjector(FaultSettings(), "0", wait)
    with server.connect() as leaving:
        leaving.sendall(request("/a", "prefer: delay=600000"))
        assert ask(server, "/b")[0] == 200
    ends = time.monotonic() + 10
    while not finished and time.monotonic() < ends:
        time.sleep(0.01)

    assert finished == [600.0]


@pytest.mark.parametrize("wish", ["delay=600000", "fault=dribble:600000"])
def test_a_server_that_is_stopped_waits_for_nothing(serve: Callable[..., Server], wish: str) -> None:
    server = serve("--log-format", "none")
    waiting = Listening(int(server.origin.rpartition(":")[2]), None)  # type: ignore[arg-type]
    with waiting.connect() as connection:
        target = "/api/charger/EMABLER_Charger12345/users?code=c&clientId=c"
        connection.sendall(request(target, f"prefer: {wish}"))
        assert ask(waiting, target)[0] == 200
        server.process.send_signal(signal.SIGINT)
        status, _, body = read_answer(connection)  # at once, and whole
        server.process.wait(15)  # ten minutes would be too long

    assert (status, body[:1], body[-1:]) == (200, b"[", b"]")
    assert server.process.returncode == 0


def met(server: Listening, count: int, *fields: str) -> list[str]:
    """What so many requests meet."""
    before = len(server.backend.worlds.get(world_of(fields)).journal)
    for _ in range(count):
        with contextlib.suppress(AssertionError, ConnectionResetError):
            ask(server, "/a", *fields)
    return [text or "nothing" for text in server.recorded(before + count, world_of(fields))][-count:]


def world_of(fields: tuple[str, ...]) -> str:
    return next((field.partition(": ")[2] for field in fields if field.startswith("x-mock-world")), "")


def test_the_third_request_fails_in_every_run(server: Listening) -> None:
    server.backend.disturber = SeededFaultInjector(parse_disturbances({"faults": ["error:503@#3"]}), "0")

    assert met(server, 5) == ["nothing", "nothing", "fault error:503", "nothing", "nothing"]
    assert met(server, 4, "x-mock-world: ann") == ["nothing", "nothing", "fault error:503", "nothing"]


def test_the_same_seed_gives_the_same_faults_and_another_one_others(server: Listening) -> None:
    settings = parse_disturbances({"delay": "1..900", "faults": ["error:500@0.2", "media-type@20%", "empty@0.2"]})
    runs = []
    for seed in ("1", "1", "2"):
        server.backend.disturber = SeededFaultInjector(settings, seed, Clock().wait)
        server.backend.worlds.reset("")
        runs.append(met(server, 40))
    server.backend.disturber = SeededFaultInjector(settings, "9", Clock().wait)
    server.backend.worlds.get("ann").seed = "1"
    of_a_world = met(server, 40, "x-mock-world: ann")

    assert runs[0] == runs[1] == of_a_world
    assert runs[0] != runs[2]
    assert {"error:500", "media-type", "empty"} <= {text.rpartition(" ")[2] for text in runs[0]}


def test_operations_take_their_own_turns(server: Listening) -> None:
    settings = parse_disturbances({"operations": {"GET /a": {"faults": ["error@#2"]}}})
    server.backend.disturber = SeededFaultInjector(settings, "0")
    statuses = [ask(server, target)[0] for target in ("/b", "/a", "/b", "/a", "/a")]

    assert statuses == [200, 200, 200, 500, 200]


def test_what_is_set_anew_begins_with_the_first_turn(server: Listening) -> None:
    disturber = SeededFaultInjector(FaultSettings(), "0")
    server.backend.disturber = disturber
    seen = []
    for _ in range(2):
        disturber.disturbances = parse_disturbances({"faults": ["error@#1"]})
        seen += met(server, 2)
    disturber.disturbances = FaultSettings()

    assert seen == ["fault error", "nothing"] * 2
    assert met(server, 1) == ["nothing"]


def test_a_rate_is_about_what_it_says() -> None:
    from mock_server.respond.worlds import World
    from mock_server.server.faults.plan import _Turn

    world, fault = World(), parse_fault("reset@10%")
    count = sum(_Turn.take(world, "0", "x").meets(fault, 0) for _ in range(5_000))

    assert count == pytest.approx(500, rel=0.15)
