"""
Payload generators side by side: payloads a second of one core, and the share that is valid.

    python -m benchmarks.generators [--seconds 5]

Each runs alone, in a process of its own, for some seconds of CPU after a warm-up, on the response schemas of four documents:
the charger API, and three others. What it makes is judged afterwards by the `jsonschema` package with all its formats.
Peers live in `benchmarks/.peers/generators` (made by this script, from PyPI and npm). What a peer can't do is said by its own words.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from jsonschema import Draft202012Validator

import mock_server
from benchmarks.labels import checker
from mock_server.generate.engine import Engine
from mock_server.schema.dialect import Direction, Purpose
from mock_server.settings import Settings

HERE = Path(__file__).resolve().parent.parent
PEERS = HERE / "benchmarks" / ".peers" / "generators"
PACKAGES = (
    "jsf",
    "polyfactory",
    "datamodel-code-generator",
    "hypothesis<6.170.10",
    "hypothesis-jsonschema",
    "pydantic[email]",
)
SPECS = HERE.parent / "shared" / "specs"
DOCUMENTS = (
    (HERE / "openapi.yaml", "getAuthorisedUsersForCharger"),
    (SPECS / "bump-sh-examples-train-travel-api/openapi.yaml", "get-stations"),
    (SPECS / "sonallux-spotify-web-api-fixed-spotify-open-api/fixed-spotify-open-api.yml", "get-an-album"),
    (SPECS / "swagger-api-swagger-petstore/openapi.yaml", "findPetsByStatus"),
)
KEPT = 200  # payloads that are judged

_LOOP = """
import json, sys, time
def measure(make, seconds, keep):
    made, kept = 0, []
    for _ in range(3): make(10**6 + _)
    start = time.process_time()
    while True:
        value = make(made)
        if len(kept) < keep: kept.append(value)
        made += 1
        taken = time.process_time() - start
        if taken > seconds: break
    print(json.dumps({"speed": made / taken, "kept": kept}))
schema = json.load(open(sys.argv[1])); seconds = float(sys.argv[2]); keep = int(sys.argv[3])
"""
PROGRAMS = {
    "jsf": _LOOP
    + "from jsf import JSF\nfaker = JSF(schema)\nmeasure(lambda n: json.loads(json.dumps(faker.generate(), default=str)), seconds, keep)\n",
    "hypothesis-jsonschema": _LOOP
    + """
import warnings; warnings.simplefilter("ignore")
from hypothesis import given, settings, HealthCheck, Phase
from hypothesis_jsonschema import from_schema
strategy = from_schema(schema)
drawn = []
# Inside @given, as it is meant to be used; example() is slower still.
state = {"start": None}
class Enough(Exception): pass
@settings(max_examples=10**9, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(strategy)
def run(value):
    drawn.append(value if len(drawn) < keep else None)
    if len(drawn) == 3: state["start"] = time.process_time()
    if len(drawn) > 3 and time.process_time() - state["start"] > seconds: raise Enough
try: run()
except BaseException as error:
    if len(drawn) < 4: raise
taken = time.process_time() - state["start"]
print(json.dumps({"speed": (len(drawn) - 3) / taken, "kept": [v for v in drawn[:keep]]}))
""",
    "polyfactory": _LOOP
    + """
import importlib.util
spec = importlib.util.spec_from_file_location("model", sys.argv[4]); model = importlib.util.module_from_spec(spec)
sys.modules["model"] = model; spec.loader.exec_module(model)
from polyfactory.factories.pydantic_factory import ModelFactory
class Made(ModelFactory[model.Wrapper]):
    __model__ = model.Wrapper
def make(n):
    return json.loads(Made.build().model_dump_json(by_alias=True, exclude_none=True))["value"]
measure(make, seconds, keep)
""",
}
_NODE = """
const fs = require('fs'); const path = require('path');
(async () => {
  const lib = await import('file://' + path.join(process.argv[5], 'node_modules/json-schema-faker/dist/index.js'));
  const schema = JSON.parse(fs.readFileSync(process.argv[2]));
  const seconds = Number(process.argv[3]); const keep = Number(process.argv[4]);
  const make = () => lib.generateSync(schema, {alwaysFakeOptionals: true, maxItems: 3, minItems: 1});
  for (let i = 0; i < 50; i++) make();
  let made = 0; const kept = []; const start = process.cpuUsage(); let taken = 0;
  while (taken < seconds) {
    const value = make(); if (kept.length < keep) kept.push(value); made++;
    const used = process.cpuUsage(start); taken = (used.user + used.system) / 1e6;
  }
  console.log(JSON.stringify({speed: made / taken, kept}));
})().catch(error => { console.error(String(error && error.message || error)); process.exit(1); });
"""


def set_up() -> Path:
    python = PEERS / "venv" / "bin" / "python"
    if not python.is_file():
        PEERS.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", PEERS / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True, stderr=subprocess.DEVNULL)
        npm = shutil.which("npm")
        if npm is not None:
            subprocess.run([npm, "install", "--silent", "--prefix", PEERS, "json-schema-faker"], check=True)
    return python


def last_line(text: str) -> str:
    """What a peer says of its failure, shortened."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line.partition(":")[0]]
    return (errors or lines or ["no word"])[-1][:140]


def run(command: list[str | Path], seconds: float) -> dict[str, object]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds * 6 + 60, check=False)
    except subprocess.TimeoutExpired:
        return {"error": f"nothing within {seconds * 6 + 60:.0f} s"}
    if done.returncode:
        return {"error": last_line(done.stderr)}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def model_of(schema: dict[str, object], folder: Path) -> Path:
    """A pydantic model of a schema, for polyfactory."""
    wrapped = {
        "title": "Wrapper",
        "type": "object",
        "properties": {"value": {k: v for k, v in schema.items() if k != "$defs"}},
        "required": ["value"],
    }
    (folder / "wrapped.json").write_text(json.dumps({**wrapped, "$defs": schema.get("$defs", {})}))
    target = folder / "model.py"
    command = [
        PEERS / "venv/bin/python",
        "-m",
        "datamodel_code_generator",
        "--input",
        folder / "wrapped.json",
        "--input-file-type",
        "jsonschema",
        "--output",
        target,
    ]
    subprocess.run(
        [*command, "--output-model-type", "pydantic_v2.BaseModel", "--disable-timestamp"],
        check=True,
        capture_output=True,
    )
    return target


OURS = (
    _LOOP
    + """
sys.path.insert(0, sys.argv[5])
import mock_server
from mock_server.generate.engine import Kit
from mock_server.payloads.plan import Plan
from mock_server.payloads.targets import Choice
from mock_server.settings import Settings
where, operation, kind = sys.argv[4].split("|")
plan = Plan(Kit(mock_server.load(where), Settings()), Choice(kinds=(kind,), operation=operation, status="200"))
plan.length()
measure(lambda n: plan.record(n).value, seconds, keep)
"""
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    python = set_up()
    for path, name in DOCUMENTS:
        document = mock_server.load(path)
        entry = document.find_entry(name)
        assert entry is not None, name
        operation = document.operation(entry)
        response = operation.find_response(200)
        assert response is not None
        node = next(media.schema for media in response.content if "json" in media.name)
        assert node is not None
        schema = Engine(document, Settings()).schemas.of(Direction.RESPONSE, Purpose.JUDGE).bundle(node).schema
        judge = Draft202012Validator(schema, format_checker=checker())
        print(f"{path.parent.name} {name}", flush=True)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "schema.json").write_text(json.dumps(schema))
            (folder / "jsf.cjs").write_text(_NODE)
            common = [folder / "schema.json", str(options.seconds), str(KEPT)]
            commands: dict[str, list[str | Path]] = {
                f"mock-server {kind}": [sys.executable, "-c", OURS, *common, f"{path}|{name}|{kind}", HERE]
                for kind in ("realistic", "boundary", "invalid")
            }
            commands |= {peer: [python, "-c", program, *common] for peer, program in PROGRAMS.items()}
            try:
                commands["polyfactory"].append(model_of(schema, folder))
            except subprocess.CalledProcessError as error:
                print(f"  polyfactory: no model: {last_line(error.stderr.decode())}")
                del commands["polyfactory"]
            if shutil.which("node"):
                commands["json-schema-faker"] = ["node", folder / "jsf.cjs", *common, PEERS]
            for title, command in commands.items():
                if options.only and options.only not in title:
                    continue
                found = run(command, options.seconds)
                if "error" in found:
                    print(f"  {title:24} {found['error']}", flush=True)
                    continue
                kept = found["kept"]
                assert isinstance(kept, list)
                valid = sum(judge.is_valid(value) for value in kept) / len(kept)
                size = sum(len(json.dumps(value)) for value in kept) / len(kept)
                print(f"  {title:24} {found['speed']:10.1f}/s  {valid:7.1%} valid  {size:8.0f} bytes", flush=True)


if __name__ == "__main__":
    main()
