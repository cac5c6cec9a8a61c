"""
The answer of one documented response.

`context` is a request with what its answer goes by, `representation` makes the answer, from what `media` has compiled
of each media type.
"""
