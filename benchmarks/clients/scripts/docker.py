"""Docker's Python SDK: containers, images, networks, volumes, the engine."""

import docker
from calls import ORIGIN, call, finish

client = docker.DockerClient(base_url=ORIGIN.replace("http://", "tcp://"), version="1.56")
low = client.api
for name in ("version", "info", "ping", "df"):
    call(name, getattr(client, name))
call("containers.list", lambda: client.containers.list(all=True))
call("containers.get", lambda: client.containers.get("web"))
call("containers.create", lambda: client.containers.create("alpine", "true", name="one"))
for name in (
    "start",
    "stop",
    "restart",
    "pause",
    "unpause",
    "kill",
    "wait",
    "remove_container",
    "stats_once",
    "top",
    "diff",
    "inspect_container",
):
    if name != "stats_once":
        call(f"api.{name}", lambda name=name: getattr(low, name)("web"))
call("api.logs", lambda: low.logs("web", stdout=True, stderr=True))
call("api.rename", lambda: low.rename("web", "www"))
call("api.images", low.images)
call("api.inspect_image", lambda: low.inspect_image("alpine"))
call("api.history", lambda: low.history("alpine"))
call("api.tag", lambda: low.tag("alpine", "mine"))
call("api.remove_image", lambda: low.remove_image("alpine"))
call("api.search", lambda: low.search("alpine"))
call("api.networks", low.networks)
call("api.create_network", lambda: low.create_network("net"))
call("api.inspect_network", lambda: low.inspect_network("net"))
call("api.remove_network", lambda: low.remove_network("net"))
call("api.volumes", low.volumes)
call("api.create_volume", lambda: low.create_volume("vol"))
call("api.inspect_volume", lambda: low.inspect_volume("vol"))
call("api.remove_volume", lambda: low.remove_volume("vol"))
call("api.nodes", low.nodes)
call("api.services", low.services)
call("api.secrets", low.secrets)
call("api.configs", low.configs)
call("api.tasks", low.tasks)
call("api.plugins", low.plugins)
finish()
