"""The applications: what to install, how each is prepared and started, and where its OpenAPI document is."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.process import Command
from benchmarks.real.install import Packages

_SECRET: Final = "a-secret-of-the-benchmark"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where an application was installed, and where it keeps its data."""

    installed: Path
    data: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """
    An application, and how it is run.

    A document is a path below the folder where it was installed (with `*`), a path of the running application (after
    the slash), or a file of the folder that the user gives, for what no package has.
    """

    packages: Packages
    command: Callable[[Folders], Command]
    document: str
    prepare: Callable[[Folders], object] = lambda folders: None
    base: str = ""  # the path that the document's paths follow
    ready: str = "/"  # a path that answers once it is up
    ours: Sequence[str] = ()  # credentials, as `mock-server test` takes them
    peer: Sequence[str] = ()  # the same, as Schemathesis takes them
    excluded: Sequence[str] = ()  # operations that end the application, as "POST /shutdown"
    source: str = ""  # where a document that no package has comes from


def _root(folders: Folders, path: str) -> str:
    return str(folders.installed / "root" / path)


def _alertmanager(folders: Folders) -> Command:
    return Command(
        words=[
            _root(folders, "usr/bin/prometheus-alertmanager"),
            f"--config.file={folders.data / 'alertmanager.yml'}",
            f"--storage.path={folders.data}",
            "--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
    )


def _write(name: str, text: str) -> Callable[[Folders], object]:
    return lambda folders: (folders.data / name).write_text(text)


def _prepare_powerdns(folders: Folders) -> None:
    schema = Path(_root(folders, "usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")).read_text()
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())"
    words = ["python3", "-c", script, str(folders.data / "zones.sqlite")]
    (folders.data / "pdns.conf").touch()
    subprocess.run(words, input=schema, text=True, check=True, timeout=60)


def _powerdns(folders: Folders) -> Command:
    modules = next(Path(_root(folders, "usr/lib")).glob("*/pdns"))
    return Command(
        words=[
            _root(folders, "usr/sbin/pdns_server"),
            f"--config-dir={folders.data}",
            f"--socket-dir={folders.data}",
            f"--module-dir={modules}",
            "--launch=gsqlite3",
            f"--gsqlite3-database={folders.data / 'zones.sqlite'}",
            "--local-address=127.0.0.2",  # for DNS
            "--local-port={port}",
            "--daemon=no",
            "--guardian=no",
            "--write-pid=no",
            "--api=yes",
            f"--api-key={_SECRET}",
            "--webserver=yes",
            "--webserver-address=127.0.0.1",
            "--webserver-port={port}",
        ]
    )


_KINTO: Final = """\
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = a-secret-of-the-benchmark
multiauth.policies = basicauth
kinto.bucket_create_principals = system.Authenticated
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = %(http_port)s
"""


def _kinto(folders: Folders) -> Command:
    pserve = str(folders.installed / "bin" / "pserve")
    return Command(words=[pserve, str(folders.data / "kinto.ini"), "http_port={port}"])


def _etcd(folders: Folders) -> Command:
    return Command(
        words=[
            _root(folders, "usr/bin/etcd"),
            f"--data-dir={folders.data}",
            "--listen-client-urls=http://127.0.0.1:{port}",
            "--advertise-client-urls=http://127.0.0.1:{port}",
            "--listen-peer-urls=http://127.0.0.1:0",
        ]
    )


def _jupyter(folders: Folders) -> Command:
    notebooks = folders.data / "notebooks"
    notebooks.mkdir()
    (notebooks / "notes.txt").write_text("notes\n")
    return Command(
        words=[
            str(folders.installed / "bin" / "jupyter-server"),
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            "--port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={notebooks}",
            f"--IdentityProvider.token={_SECRET}",
        ],
        environment={f"JUPYTER_{name}_DIR": str(folders.data) for name in ("CONFIG", "DATA", "RUNTIME")},
        folder=folders.data,
    )


def _wiremock(folders: Folders) -> Command:
    jar = next((folders.installed / "node_modules" / "wiremock" / "build").glob("*.jar"))
    words = ["java", "-Xmx256m", "-jar", str(jar), "--port={port}", "--bind-address=127.0.0.1"]
    return Command(words=[*words, f"--root-dir={folders.data}"])


def _netdata(folders: Folders) -> Command:
    return Command(
        words=[
            _root(folders, "usr/sbin/netdata"),
            "-D",
            "-i",
            "127.0.0.1",
            "-p",
            "{port}",
            "-c",
            str(folders.data / "netdata.conf"),
        ],
        environment={"LD_LIBRARY_PATH": _root(folders, "usr/lib/x86_64-linux-gnu"), "DO_NOT_TRACK": "1"},
    )


def _configure_netdata(folders: Folders) -> None:
    places = {name: folders.data / name for name in ("cache", "lib", "log", "config", "stock config", "plugins", "web")}
    for place in places.values():
        place.mkdir()
    lines = [
        "[directories]",
        *(f"{name} = {place}" for name, place in places.items()),
        "[db]",
        "mode = ram",
        "[global]",
        "run as user = root",
    ]
    plugins = "[plugins]\nenable running new plugins = no\ntc = no\nidlejitter = no\nstatsd = no\n[ml]\nenabled = no\n"
    (folders.data / "netdata.conf").write_text("\n".join([*lines, plugins]))


def _python(module: str, *words: str, environment: Mapping[str, str] = MappingProxyType({})) -> Callable:
    """Start a program of a virtual environment, its home in the folder of its data."""

    def command(folders: Folders) -> Command:
        home = {"HOME": str(folders.data)} | {
            name: value.format(data=folders.data) for name, value in environment.items()
        }
        program = str(folders.installed / "bin" / module)
        return Command(
            words=[program, *(word.replace("{data}", str(folders.data)) for word in words)],
            environment=home,
            folder=folders.data,
        )

    return command


APPLICATIONS: Final[Mapping[str, Application]] = MappingProxyType(
    {
        "alertmanager": Application(
            packages=Packages(debian=("prometheus-alertmanager",)),
            prepare=_write("alertmanager.yml", "route:\n  receiver: nobody\nreceivers:\n- name: nobody\n"),
            command=_alertmanager,
            document="alertmanager.yaml",
            source="api/v2/openapi.yaml of github.com/prometheus/alertmanager at the version of the package",
            base="/api/v2",
            ready="/-/ready",
        ),
        "powerdns": Application(
            packages=Packages(debian=("pdns-server", "pdns-backend-sqlite3")),
            prepare=_prepare_powerdns,
            command=_powerdns,
            document="powerdns.yaml",
            source="docs/http-api/swagger of github.com/PowerDNS/pdns at the version of the package",
            base="/api/v1",
            ready="/api",
            ours=("--auth", f"APIKeyHeader={_SECRET}"),
            peer=("-H", f"X-API-Key: {_SECRET}"),
        ),
        "kinto": Application(
            packages=Packages(pypi=("kinto",)),
            prepare=_write("kinto.ini", _KINTO),
            command=_kinto,
            document="/v1/__api__",
            base="/v1",
            ready="/v1/__heartbeat__",
            ours=("--auth", "ada:secret"),
            peer=("--auth", "ada:secret"),
        ),
        "etcd": Application(
            packages=Packages(debian=("etcd-server",)),
            command=_etcd,
            document="etcd.json",
            source="Documentation/dev-guide/apispec/swagger/rpc.swagger.json of github.com/etcd-io/etcd at its version",
            ready="/health",
        ),
        "jupyter": Application(
            packages=Packages(pypi=("jupyter-server", "ipykernel")),
            command=_jupyter,
            document="lib/python*/site-packages/jupyter_server/services/api/api.yaml",
            ready="/api",
            ours=("-H", f"Authorization: token {_SECRET}"),
            peer=("-H", f"Authorization: token {_SECRET}"),
        ),
        "netdata": Application(
            packages=Packages(debian=("netdata-core",)),
            prepare=_configure_netdata,
            command=_netdata,
            document="netdata.yaml",
            source="web/api/netdata-swagger.yaml of github.com/netdata/netdata at the version of the package",
            base="/api/v1",
            ready="/api/v1/info",
        ),
        "wiremock": Application(
            packages=Packages(npm=("wiremock",)),
            command=_wiremock,
            document="/__admin/docs/swagger",
            excluded=("POST /__admin/shutdown",),
            ready="/__admin/mappings",
        ),
    }
)
