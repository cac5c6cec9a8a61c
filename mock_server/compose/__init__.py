"""
The composition root: puts the parts of a server together.

`backend` makes the inside of a server from documents and settings, `app` the application around it, `deferred` makes
parts when they are first needed, `reload` replaces documents that were edited, `watch` notices edits.
"""
