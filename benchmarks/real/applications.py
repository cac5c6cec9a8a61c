"""The applications: what to install, how each is prepared and started, and where its OpenAPI document is."""

import json
import os
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
            "--gsqlite3-dnssec=yes",
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


_JUPYTERHUB: Final = """\
c.JupyterHub.services = [{"name": "tester", "api_token": "a-secret-of-the-benchmark"}]
c.JupyterHub.load_roles = [{"name": "tester", "scopes": ["admin-ui", "admin:users", "admin:groups", "admin:servers",
    "admin:services", "tokens", "proxy", "shutdown", "read:hub", "read:metrics", "shares", "self"],
    "services": ["tester"]}]
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.allow_named_servers = True
c.JupyterHub.db_url = "sqlite:///:memory:"
"""


def _jupyterhub(folders: Folders) -> Command:
    proxy = folders.installed / "node_modules" / ".bin" / "configurable-http-proxy"
    return Command(
        words=[
            str(folders.installed / "bin" / "jupyterhub"),
            f"--config={folders.data / 'jupyterhub_config.py'}",
            "--JupyterHub.bind_url=http://127.0.0.2:{port}",
            "--JupyterHub.hub_bind_url=http://127.0.0.1:{port}",
            "--ConfigurableHTTPProxy.api_url=http://127.0.0.3:{port}",
            f"--ConfigurableHTTPProxy.command={proxy}",
        ],
        environment={"PATH": f"{folders.installed / 'bin'}:{os.environ['PATH']}"},
        folder=folders.data,
    )


def _prefect(folders: Folders) -> Command:
    return Command(
        words=[
            str(folders.installed / "bin" / "prefect"),
            *("server", "start", "--host", "127.0.0.1", "--port", "{port}", "--no-ui"),
        ],
        environment={
            "PREFECT_HOME": str(folders.data),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        },
        folder=folders.data,
    )


def _chroma(folders: Folders) -> Command:
    program = str(folders.installed / "bin" / "chroma")
    words = [program, "run", "--path", str(folders.data), "--host", "127.0.0.1", "--port", "{port}"]
    return Command(words=words, environment={"ANONYMIZED_TELEMETRY": "False"}, folder=folders.data)


# Has every server of a Node.js application listen on loopback, where it can't be configured.
_LOOPBACK: Final = """\
const { Server } = require("net");
const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  return isNaN(port) ? listen.call(this, port, ...rest) : listen.call(this, Number(port), "127.0.0.1", rest.pop());
};
"""


def _prepare_signalk(folders: Folders) -> None:
    """Enable the plugin that keeps resources; plugins are looked for where the data is."""
    name = "@signalk/resources-provider"
    place = folders.data / "node_modules" / name
    place.parent.mkdir(parents=True)
    place.symlink_to(folders.installed / "node_modules" / name)
    kept = dict.fromkeys(("routes", "waypoints", "notes", "regions"), True)
    configured = {"enabled": True, "configuration": {"standard": kept, "custom": [], "path": "./resources"}}
    settings = folders.data / "plugin-config-data"
    settings.mkdir()
    (settings / "resources-provider.json").write_text(json.dumps(configured))
    (folders.data / "loopback.js").write_text(_LOOPBACK)


def _signalk(folders: Folders) -> Command:
    program = folders.installed / "node_modules" / "signalk-server" / "bin" / "signalk-server"
    preload = folders.data / "loopback.js"
    return Command(
        words=["env", "PORT={port}", "node", "--require", str(preload), str(program), "-c", str(folders.data)],
        environment={"HOME": str(folders.data)},
        folder=folders.data,
    )


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
        "jupyterhub": Application(
            packages=Packages(pypi=("jupyterhub",), npm=("configurable-http-proxy",)),
            prepare=_write("jupyterhub_config.py", _JUPYTERHUB),
            command=_jupyterhub,
            document="jupyterhub.yaml",
            source="docs/source/_static/rest-api.yml of github.com/jupyterhub/jupyterhub",
            base="/hub/api",
            ready="/hub/api",
            ours=("-H", f"Authorization: token {_SECRET}"),
            peer=("-H", f"Authorization: token {_SECRET}"),
            excluded=("POST /shutdown",),
        ),
        "prefect": Application(
            packages=Packages(pypi=("prefect",)),
            command=_prefect,
            document="/openapi.json",
            base="/api",
            ready="/api/health",
        ),
        "chroma": Application(
            packages=Packages(pypi=("chromadb",)),
            command=_chroma,
            document="/openapi.json",
            ready="/api/v2/heartbeat",
        ),
        "signalk": Application(
            packages=Packages(npm=("signalk-server",)),
            prepare=_prepare_signalk,
            command=_signalk,
            document="/skServer/openapi/resources",
            base="/signalk/v2/api",
            ready="/signalk",
        ),
    }
)
