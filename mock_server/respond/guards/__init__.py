"""
What is decided on a request before the document answers it.

`tokens` says whether its bearer token is good for the operation.
"""
