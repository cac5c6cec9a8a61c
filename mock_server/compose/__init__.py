"""The composition root: puts the parts of a server together."""
