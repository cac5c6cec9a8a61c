"""Hetzner's SDK: every kind of resource, read and listed to its end."""

from calls import URL, call, drain, finish
from hcloud import Client
from hcloud.images import Image
from hcloud.server_types import ServerType

client = Client(token="t", api_endpoint=URL, poll_interval=0, poll_max_retries=2)
for name in (
    "servers", "volumes", "networks", "images", "isos", "locations", "datacenters", "server_types", "firewalls", "floating_ips", "ssh_keys",
    "load_balancers", "load_balancer_types", "placement_groups", "primary_ips", "certificates", "actions",
):  # fmt: skip
    service = getattr(client, name)
    drain(f"{name}.get_all", lambda service=service: service.get_all())
    call(f"{name}.get_by_id", lambda service=service: service.get_by_id(42))
call("servers.create", lambda: client.servers.create("web", ServerType(name="cx22"), Image(name="debian-12")))
finish()
