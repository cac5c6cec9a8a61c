"""
The tester and Schemathesis side by side, on the providers of `tests/defects`.

    .venv/bin/python benchmarks/contract.py --defects 20 --minutes 20

Each provider runs under uvicorn in a process of its own. A defect counts as found when the tool says something about an
operation that it does not say about the right provider; what it says about right providers are its false alarms. Requests
are counted by the provider.
"""

import argparse
import json
import multiprocessing
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import uvicorn  # noqa: E402

from tests.defects.charging import CHARGING, Charging  # noqa: E402
from tests.defects.providers import HABITS, PROJECTS, Projects, Provider, Untidy  # noqa: E402
from tests.defects.table import DEFECTS, Defect  # noqa: E402

PEER = ROOT / ".tools" / "schemathesis" / "bin" / "st"
OURS = ROOT / ".venv" / "bin" / "mock-server"


def make(name: str) -> Provider:
    """A provider by its name: of a defect, of a habit, or a right one."""
    if name in {"right projects", "right charger"}:
        return Projects() if name == "right projects" else Charging()
    if name.startswith("habit "):
        return Untidy(frozenset(name.removeprefix("habit ").split(",")))
    return next(defect for defect in DEFECTS if defect.name == name).make()


def serve(name: str, port: int, count: "multiprocessing.Value") -> None:
    """Serve a provider, counting what it is asked."""
    provider = make(name)

    async def counted(scope: dict, receive: object, send: object) -> None:
        if scope["type"] == "http":
            with count.get_lock():
                count.value += 1
        await provider(scope, receive, send)

    uvicorn.run(counted, port=port, log_level="critical", lifespan="off")


def ask(tool: str, name: str, seed: int) -> dict:
    """Run one tool against one provider."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    count = context.Value("i", 0)
    process = context.Process(target=serve, args=(name, port, count), daemon=True)
    process.start()
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    charger = isinstance(make(name), Charging)
    url = f"http://127.0.0.1:{port}{'/api' if charger else '/v1'}"
    document = CHARGING if charger else PROJECTS
    before, started = os.times(), time.perf_counter()
    try:
        found = (ours if tool == "ours" else peer)(url, document, charger, seed)
    finally:
        process.terminate()
        process.join()
    after = os.times()
    seconds = time.perf_counter() - started
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {
        "tool": tool,
        "provider": name,
        "seed": seed,
        "found": sorted(found),
        "requests": count.value,
        "seconds": round(seconds, 2),
        "cpu": round(cpu, 2),
    }


def ours(url: str, document: Path, charger: bool, seed: int) -> set[str]:  # noqa: FBT001
    credentials = (
        ["--auth", "apiKey=key-of-ada", "--auth", "clientId=ada"]
        if charger
        else ["--auth", "apiKey=key-of-ada", "--other-auth", "apiKey=key-of-bob"]
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [
            os.environ["TESTED_COMMAND"],
            "test",
            url,
            str(document),
            "--mutating",
            "--format",
            "json",
            "--seed",
            str(seed),
            "--timeout",
            "1",
            *credentials,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=600)
    findings = json.loads(done.stdout)["findings"] if done.stdout.startswith("{") else []
    return {f"{item['operation']} {item['check']}" for item in findings if item["level"] in {"error", "warning"}}


def peer(url: str, document: Path, charger: bool, seed: int) -> set[str]:  # noqa: FBT001
    with tempfile.TemporaryDirectory() as folder:
        headers = [] if charger else ["-H", "X-Api-Key: key-of-ada"]
        settings = Path(folder) / "schemathesis.toml"
        if charger:
            settings.write_text('[parameters]\n"query.code" = "key-of-ada"\n"query.clientId" = "ada"\n')
        command = [
            str(PEER), "run", str(document), "--url", url, "--no-color", "--seed", str(seed), "--generation-database", "none",
            "--request-timeout", "1", "--max-response-time", "1", *headers,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=900)
    found, operation = set(), ""
    for line in done.stdout.splitlines():
        title = re.fullmatch(r"_{3,} (.+?) _{3,}", line)
        if title:
            operation = title.group(1)
        check = re.match(r"- (ST\d+ .+|[A-Z].+)", line)
        if check and operation:
            found.add(f"{operation} {check.group(1)}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--defects", type=int, default=len(DEFECTS))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--tools", default="ours,schemathesis")
    parser.add_argument(
        "--ours", default=str(OURS), help="installed ordinarily: Hypothesis reads the source of what is not"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "contract.ndjson")
    options = parser.parse_args()
    os.environ["TESTED_COMMAND"] = options.ours
    chosen: list[Defect] = random.Random(0).sample(DEFECTS, min(options.defects, len(DEFECTS)))
    names = ["right projects", "right charger", f"habit {','.join(HABITS)}", *(defect.name for defect in chosen)]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + options.minutes * 60
    rows: list[dict] = []
    with options.out.open("w") as file:
        for name in names:
            if time.monotonic() > ends:
                break
            for tool in options.tools.split(","):
                row = ask(tool, name, 1)
                rows.append(row)
                file.write(json.dumps(row) + "\n")
                file.flush()
    summarise(rows)


def summarise(rows: list[dict]) -> None:
    """Print a table: what each tool found, its false alarms, requests, time."""
    for tool in dict.fromkeys(row["tool"] for row in rows):
        own = [row for row in rows if row["tool"] == tool]
        right = {row["provider"]: set(row["found"]) for row in own if row["provider"].startswith(("right", "habit"))}
        known = set().union(*right.values())
        wrong = [row for row in own if row["provider"] not in right]
        found = [row for row in wrong if set(row["found"]) - known]
        print(
            f"{tool}: {len(found)} of {len(wrong)} defects found; false alarms { ({name: len(said) for name, said in right.items()}) }"
        )
        for key in ("requests", "seconds", "cpu"):
            values = sorted(row[key] for row in own)
            print(f"  {key}: median {values[len(values) // 2]}, all {sum(values):.0f}")
        print("  missed:", [row["provider"] for row in wrong if row not in found])


if __name__ == "__main__":
    main()
