"""Choosing the answer to a request, without I/O: sources of answers, representations, scenarios, mappings, worlds."""
