"""How the tests are shared by processes: files whole, the longest first, documents one by one."""

import os
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

# Where the seconds go, the most first; a new file that takes ten of CPU time belongs here. What is begun last ends last,
# and keeps the whole run waiting.
LONGEST = (
    "tests/defects/test_defects.py", "tests/state/test_serving.py", "tests/payloads/test_plan.py", "tests/test_docs.py",
    "tests/respond/test_worlds_apart.py", "tests/admin/console/test_console_day.py", "tests/payloads/test_labels.py",
    "tests/payloads/test_dask.py", "tests/attacks/test_costly_schemas.py", "tests/attacks/test_pages.py", "tests/test_ci.py",
    "tests/test_pytest_plugin.py", "tests/cli/test_proxy_command.py", "tests/mcp/test_every_tool.py",
    "tests/generate/text/test_texts.py", "tests/generate/sampler/test_sampler.py", "tests/respond/test_charger.py",
    "tests/untidy/test_single_habits.py", "tests/generate/edges/test_catalogue.py", "tests/cli/test_contract_commands.py",
    "tests/attacks/test_secrets.py", "tests/contract/test_own_mock.py", "tests/admin/console/test_console_stories.py",
    "tests/attacks/test_schemas.py", "tests/cli/test_start_cost.py", "tests/corpus/",
)  # fmt: skip
# Their tests share nothing, and go to whichever process is idle.
ONE_BY_ONE = ("tests/corpus/",)
MOST = 4


class FileScheduling(LoadScopeScheduling):
    """Gives the tests of a file to one process, so that what they share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(ONE_BY_ONE) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling | None:
    """Take the place of `--dist loadfile`."""
    return FileScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_xdist_auto_num_workers() -> int:
    """Count one more than cores: some tests wait for processes, browsers, and time."""
    return min((os.cpu_count() or 1) + 1, MOST)


def put_longest_first(items: list[pytest.Item]) -> None:
    """Sort tests by their files, those in which most time goes first."""

    def place_of(item: pytest.Item) -> int:
        return next((place for place, name in enumerate(LONGEST) if item.nodeid.startswith(name)), len(LONGEST))

    items.sort(key=place_of)
