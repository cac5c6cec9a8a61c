"""
The MCP server: what the commands do, as tools that coding agents call.

`server` puts it together and speaks stdio or streamable HTTP. The tools are in `documents` (one document, in this
process), `commands` (check, diff, payloads, validate and test, each as a process of its own by `run`) and `mocks` (mock
servers that are started, steered by their own admin API); `resources` are documents to read. `reach` decides which
files and hosts an argument may name, `bound` keeps results small, `child` is what a process of its own begins with.

Model Context Protocol, https://modelcontextprotocol.io/specification

Invariants:

- An argument of a tool is never a word of a shell, nor an option of a command: `run` writes `--name=value`, and what
  has no name after `--`.
- No argument reaches a file outside of the working folder, or a host that is not loopback, unless `--allow-path` or
  `--allow-remote` allows it. Neither does a document: `Settings.project` confines its references.
- What a tool does is done by a command, the responder or the admin API: nothing is decided here.
"""
