"""
Connexion's own mock, as `connexion run --mock=all` sets it up.

Usage: python -m benchmarks.apps.stock_connexion PORT DOCUMENT
"""

import logging
import sys
from pathlib import Path

import connexion
import orjson
import yaml
from connexion.mock import MockResolver

from benchmarks.apps.listen import listen


def make_app(path: Path) -> connexion.AsyncApp:
    """
    Make the application.

    Any credential is good, as with the other products: Connexion asks for a function that says so. The document is
    handed over as a value, since reading JSON as YAML would cost it seconds of its start.
    """
    text = path.read_bytes()
    document = orjson.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        scheme["x-apikeyInfoFunc"] = "benchmarks.apps.stock_connexion.accept"
    app = connexion.AsyncApp(__name__)
    app.add_api(document, resolver=MockResolver(mock_all=True))
    return app


def accept(key: str, required_scopes: object = None) -> dict[str, str]:
    """Say whom a credential belongs to: anyone."""
    return {"sub": key}


if __name__ == "__main__":
    logging.getLogger("connexion").setLevel(logging.ERROR)
    listen(make_app(Path(sys.argv[2])), int(sys.argv[1]))
