"""Delays and faults: which ones a request meets, and how they are produced on the connection."""
