"""A run on a Dask cluster: the same bytes, whatever dies on the way."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.contract.parts import RecordStandard, judge_part, merge_in_order, split_all
from mock_server.contract.records import RecordSource
from mock_server.errors import UsageError
from mock_server.payloads import dask as cluster
from mock_server.payloads.executors import ThisProcess, do_in_turn, run_pieces, split_evenly
from mock_server.payloads.jobs import SHARD, Job, Parts, make_shard, run
from mock_server.payloads.plan import ALL_KINDS
from mock_server.payloads.targets import PayloadChoice
from mock_server.settings import Settings
from tests.support.paths import DOCUMENT, ROOT

JOB = Job(
    document=str(DOCUMENT),
    settings=Settings(),
    choice=PayloadChoice(kinds=("invalid",), status="200"),
    format="ndjson",
    offset=0,
    count=6 * SHARD,
)


class Cluster:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start_scheduler()
        self.workers = [self.start_worker() for _ in range(2)]

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        return self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--no-show")

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self._start("worker", self.address, "--nworkers", "1", "--nthreads", "1", "--no-nanny", "--no-dashboard")

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait(10)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that nothing happens to."""
    started = Cluster(tmp_path_factory.mktemp("cluster"))
    yield started
    started.stop()


@pytest.fixture
def dying(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of which processes are killed."""
    started = Cluster(tmp_path)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("whole") / "out"
    run(JOB, out, ThisProcess(), lambda done, total, what: None)
    return out.read_bytes()


def go(dask: Cluster, out: Path, disturb: Callable[[], None] = lambda: None) -> bytes:
    """Run, and disturb when some shards are there."""
    disturbed: list[int] = []

    def progress(done: int, total: int | None, what: str) -> None:
        if done > SHARD and not disturbed:
            disturbed.append(done)
            disturb()

    run(JOB, out, cluster.Cluster(dask.address), progress)
    assert disturbed
    return out.read_bytes()


def test_a_cluster_writes_what_one_process_writes(dask: Cluster, tmp_path: Path, whole: bytes) -> None:
    assert go(dask, tmp_path / "out") == whole


def test_the_threads_of_a_worker_do_not_disturb_each_other() -> None:
    work = partial(make_shard, replace(JOB, choice=PayloadChoice(kinds=ALL_KINDS, status="200"), shard=32))
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(partial(do_in_turn, work), zip(range(20), strict=True)))

    assert dict(chain.from_iterable(together)) == dict(run_pieces(ThisProcess(), work, range(20)))


@given(st.lists(st.integers()), st.integers(1, 99))
def test_a_task_has_some_pieces_and_none_is_left_out(numbers: list[int], threads: int) -> None:
    batches = list(split_evenly(numbers, threads, 4))

    assert list(chain.from_iterable(batches)) == numbers
    assert all(batches)
    assert not batches or len(batches[-1]) == 1 or threads == 1


def test_workers_that_do_not_see_the_folder_send_what_they_made(
    dask: Cluster, tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mock_server.payloads.jobs.Parts.__reduce__", lambda parts: (Parts, (Path("/elsewhere"), parts.mark))
    )

    assert go(dask, tmp_path / "out") == whole


def test_a_killed_worker_of_a_cluster_loses_and_repeats_nothing(dying: Cluster, tmp_path: Path, whole: bytes) -> None:
    assert go(dying, tmp_path / "out", lambda: dying.workers[0].send_signal(signal.SIGKILL)) == whole


def test_a_scheduler_that_starts_anew_loses_and_repeats_nothing(dying: Cluster, tmp_path: Path, whole: bytes) -> None:
    def restart() -> None:
        dying.scheduler.kill()
        dying.scheduler.wait(10)
        for worker in dying.workers:
            worker.kill()
        time.sleep(0.5)
        dying.scheduler = dying.start_scheduler()
        dying.workers = [dying.start_worker() for _ in range(2)]

    assert go(dying, tmp_path / "out", restart) == whole


def test_a_cluster_judges_what_one_process_judges(
    dask: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.contract.parts._PART", 2_000)
    file = tmp_path / "a.ndjson"
    file.write_text('{"id": 1}\n' * 3_000 + '{"id": "1"}\n' + '{"id": 1}\n' * 1_000)
    sources = [RecordSource(str(file), "lines")]
    parts = tuple(split_all(sources))
    standard = RecordStandard(document=str(DOCUMENT), settings=Settings(), schema="#/components/schemas/Tag")
    work = partial(judge_part, standard, parts)
    tally = merge_in_order(
        run_pieces(cluster.Cluster(dask.address), work, range(len(parts))), parts, lambda count: None
    )

    assert len(parts) > 10
    assert (tally.records, tally.wrong) == (4_001, 1)
    assert f"{file}:3001" in tally.findings()[0].message


def test_a_cluster_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", -1.0)
    monkeypatch.setattr(cluster, "_CONNECT", "1s")
    with pytest.raises(UsageError, match="does not answer"):
        run(JOB, tmp_path / "out", cluster.Cluster("tcp://127.0.0.1:9"), lambda done, total, what: None)
