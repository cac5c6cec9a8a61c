"""Judging one request or one response against the document. Nothing here does I/O."""
