"""
In other people's tests: what the pytest plugin gives them.

`live` is a running mock with a world for each test, `cases` are contract checks as tests. Nothing of this is imported
before a test asks for it.
"""
