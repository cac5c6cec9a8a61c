"""
The admin API under its own contract test, over several seeds: `python -m benchmarks.admin_contract [SEEDS]`.

It prints a line for each seed, and ends with 1 if anything was found. Stopping the server is left out.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import orjson

from tests.support.servers import start_server, stop_server

TOKEN = "token-of-the-contract"
FLAGS = ["--mutating", "--exclude", "shutDown", "--auth", f"token={TOKEN}"]
SHOP = """openapi: 3.0.3
info: {title: Shop, version: '1'}
servers: [{url: /v1}]
components:
  schemas:
    Pet: {type: object, required: [name], properties: {id: {type: integer, readOnly: true}, name: {type: string, maxLength: 20}}}
    Pets: {type: array, items: {$ref: '#/components/schemas/Pet'}}
  responses:
    Pet: {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
paths:
  /pets:
    get: {operationId: listPets, responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pets'}}}}}}
    post:
      operationId: addPet
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'201': {$ref: '#/components/responses/Pet'}}
  /pets/{petId}:
    parameters: [{name: petId, in: path, required: true, schema: {type: integer}}]
    get: {operationId: getPet, responses: {'200': {$ref: '#/components/responses/Pet'}, '404': {description: none}}}
    delete: {operationId: deletePet, responses: {'204': {description: gone}, '404': {description: none}}}
"""


def write_values(path: Path) -> None:
    """Write the values that exist at the start: a resource, and the first request of the journal."""
    path.write_text('resource: [pets]\ngetExchange.id: ["00000001"]\nrequest: ["00000001"]\ngetItem.id: ["1"]\n')


def run_seed(seed: int) -> int:
    """Test a fresh server with one seed; gives the number of findings."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "openapi.yaml").write_text(SHOP)
        write_values(folder / "values.yaml")
        server = start_server("openapi.yaml", "--stateful", "--admin-token", TOKEN, "--log-format", "none", cwd=folder)
        try:
            httpx2.get(f"{server.url}/pets")
            described = httpx2.get(
                f"{server.origin}/__admin/openapi.json", headers={"authorization": f"Bearer {TOKEN}"}
            )
            (folder / "admin.json").write_bytes(described.content)
            command = [sys.executable, "-m", "mock_server", "test", server.origin, "admin.json", *FLAGS]
            command += ["--values", "values.yaml", "--seed", str(seed), "--format", "json"]
            started = time.perf_counter()
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=600, check=False)
        finally:
            stop_server(server)
    report = orjson.loads(done.stdout)
    print(
        f"seed {seed}: {report['requests']} requests, {len(report['findings'])} findings, {time.perf_counter() - started:.0f} s"
    )
    for finding in report["findings"]:
        print(f"  {finding['check']}: {finding['operation']}: {finding['message']}")
    return len(report["findings"])


if __name__ == "__main__":
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    sys.exit(int(sum(map(run_seed, range(seeds))) > 0))
