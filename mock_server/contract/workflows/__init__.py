"""
Workflows: sequences of requests, as Arazzo documents describe them.

`parse` reads a document into the values of `model`, `expressions` and `conditions` evaluate what it says, `play` sends
the steps, each judged by the same checks as any other request, `write` writes what the stateful phase did.

Invariants:
- A document is data: regular expressions, JSONPath, retries, jumps and nesting are bounded, and no file and no host
  that it names is asked.
"""
