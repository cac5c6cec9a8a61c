"""mock-server: a fake backend, contract checks and edge-case payloads from one OpenAPI document."""

__version__ = "0.1.0"
