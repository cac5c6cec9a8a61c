"""
Two replicas behind nginx, and the image they run in.

Where no container engine runs, the same is put together of processes: two servers, and nginx with the very configuration that
the Compose file mounts. What can be said of the image without building it is said: what it is made of suffices, and its health
check tells a server that is up from one that is not.
"""

import contextlib
import dataclasses
import json
import os
import re
import shutil
import socket
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
import yaml

from mock_server.settings import Settings
from tests.support.paths import ROOT
from tests.support.servers import Server, stop_server

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
TEMPLATE = (DEPLOY / "nginx.conf.template").read_text()
CHARGERS = [
    f"/api/charger/EMABLER_Charger{number}/users?code=k&clientId=c" for number in ("00000", "12345", "777", "888")
]

AROUND = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/default.conf;
}}
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def nginx(folder: Path, *replicas: Server) -> Iterator[str]:
    """Start nginx with the template in front of two servers; gives its origin."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        if os.environ.get("CI"):
            raise AssertionError("nginx is not installed")
        pytest.skip("nginx is not installed")
    port = free_port()
    hosts = {f"REPLICA_{number}": server.origin.removeprefix("http://") for number, server in enumerate(replicas, 1)}
    # as envsubst does it in nginx's image: what is set is replaced, nginx's own variables stay
    (folder / "default.conf").write_text(string.Template(TEMPLATE).safe_substitute(LISTEN=f"127.0.0.1:{port}", **hosts))
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user="user root;" if os.getuid() == 0 else ""))
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.PIPE, text=True
    )
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_replicas_behind_nginx_answer_alike_and_stand_in_for_each_other(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    replicas = serve(), serve()
    with nginx(tmp_path, *replicas) as origin, httpx2.Client() as client:
        for path in CHARGERS:
            seen = {client.get(f"{origin}{path}").content for _ in range(4)}
            assert seen == {client.get(f"{replica.origin}{path}").content for replica in replicas}
            assert len(seen) == 1
        asked = [len(client.get(f"{replica.origin}/__admin/requests").json()["requests"]) for replica in replicas]
        assert min(asked) > len(CHARGERS)  # each had its share, beside what it was asked directly

        assert stop_server(replicas[0]) == 0
        assert [client.get(f"{origin}{path}").status_code for path in CHARGERS * 3] == [400, 200, 200, 200] * 3


def test_replicas_behind_nginx_share_their_state(serve: Callable[..., Server], postgres: str, tmp_path: Path) -> None:
    todos = str(ROOT / "tests" / "state" / "todos.yaml")
    replicas = [serve(todos, "--stateful", "--store", postgres) for _ in range(2)]
    with nginx(tmp_path, *replicas) as origin, httpx2.Client(headers={"X-Mock-World": "deploy"}, timeout=20) as client:

        def create(title: str) -> int:
            answer = client.post(f"{origin}/todos", json={"title": title, "secret": "s"})
            assert answer.status_code == 201, answer.text
            return int(answer.json()["id"])

        with ThreadPoolExecutor(4) as pool:
            ids = list(pool.map(create, [f"number {index}" for index in range(40)]))
        assert len(set(ids)) == 40
        for each in (*(replica.origin for replica in replicas), origin):
            assert [client.get(f"{each}/todos/{id_}").json()["title"] for id_ in ids] == [
                f"number {index}" for index in range(40)
            ]

        replicas[0].process.kill()
        replicas[0].process.wait(10)
        assert client.delete(f"{replicas[1].origin}/todos/{ids[0]}").status_code == 204
        assert [client.get(f"{origin}/todos/{id_}").status_code for id_ in ids] == [404] + [200] * 39


def test_what_is_sent_slowly_and_what_is_large_passes_nginx(serve: Callable[..., Server], tmp_path: Path) -> None:
    replicas = serve(), serve()
    with nginx(tmp_path, *replicas) as origin:
        slow = httpx2.get(origin + CHARGERS[1], headers={"Prefer": "delay=300"}, timeout=20)
        assert (slow.status_code, slow.headers["preference-applied"]) == (200, "delay=300")
        large = httpx2.post(f"{origin}/api/nothing", content=b"x" * 2_000_000)
        assert large.status_code == 404  # our answer, not nginx's 413


def test_the_image_is_made_of_what_it_needs(tmp_path: Path) -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) (\S+)$", DOCKERFILE, re.MULTILINE)
    for names, target in copied:
        for name in names.split():
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, tmp_path / "source" / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (tmp_path / "source").mkdir(exist_ok=True)
                shutil.copy(source, tmp_path / "source" / name)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(tmp_path),
        str(tmp_path / "source"),
    ]
    subprocess.run(build, check=True, timeout=120)

    assert len(list(tmp_path.glob("mock_server-*.whl"))) == 1
    allowed = {
        line.removeprefix("!")
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert allowed == {name for names, _ in copied for name in names.split()}


def test_the_health_check_tells_up_from_down(serve: Callable[..., Server]) -> None:
    found = re.search(r"HEALTHCHECK .*\\\n\s+CMD (\[.*\])", DOCKERFILE)
    assert found is not None
    command = [sys.executable, *json.loads(found.group(1))[1:]]
    server = serve()

    def check(port: str) -> int:
        environment = {**os.environ, "MOCK_SERVER_PORT": port}
        return subprocess.run(command, env=environment, capture_output=True, timeout=20, check=False).returncode

    assert check(server.origin.rpartition(":")[2]) == 0
    assert check(str(free_port())) == 1


def test_the_image_runs_as_nobody_in_particular() -> None:
    last = DOCKERFILE.rpartition("FROM")[2]
    user = re.search(r"^USER (\d+)", last, re.MULTILINE)

    assert user is not None
    assert int(user.group(1)) > 1000


def test_compose_and_what_it_names_agree() -> None:
    services = COMPOSE["services"]
    settings = {f"MOCK_SERVER_{item.name.upper()}" for item in dataclasses.fields(Settings)}
    front = services["nginx"]
    mounted = [volume.split(":")[0] for volume in front["volumes"]]
    variables = set(re.findall(r"\$\{(\w+)\}", TEMPLATE.partition("upstream")[2]))

    assert [name for name in mounted if not (DEPLOY / name).is_file()] == []
    assert variables == front["environment"].keys()
    replicas = {front["environment"][name].partition(":")[0] for name in ("REPLICA_1", "REPLICA_2")}
    assert replicas == front["depends_on"].keys() == services.keys() - {"nginx", "database"}
    for name in replicas:
        mock = services[name]
        assert mock["environment"].keys() <= settings
        assert (DEPLOY / mock["build"]["context"] / mock["build"]["dockerfile"]).is_file()
        assert "database" in mock["depends_on"]
        assert mock["environment"]["MOCK_SERVER_STORE"].startswith("postgresql+psycopg://")
        assert "--stateful" in mock["command"]


def test_every_image_is_fixed_by_its_digest_and_every_package_by_its_version() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    named = re.findall(r"^ARG PYTHON=(\S+)", DOCKERFILE, re.MULTILINE) + [
        service["image"] for service in COMPOSE["services"].values() if "build" not in service
    ]

    assert set(bases) == {"${PYTHON}"}
    assert len(named) == 3
    assert [image for image in named if not re.fullmatch(r"[a-z]+:[0-9.]+[a-z0-9.-]*@sha256:[0-9a-f]{64}", image)] == []
    assert "--constraint constraints.txt" in DOCKERFILE


def test_compose_has_no_default_password() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    secret = re.findall(r"\$\{(\w*(?:PASSWORD|TOKEN|SECRET)\w*)(:[-?])([^}]*)\}", text)

    assert [(name, how) for name, how, default in secret if how == ":-" and default] == []
    assert ("POSTGRES_PASSWORD", ":?") in {(name, how) for name, how, _ in secret}
    assert all(
        port.startswith("127.0.0.1:") for service in COMPOSE["services"].values() for port in service.get("ports", ())
    )
