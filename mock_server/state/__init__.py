"""
State from the document: what is created is there, what is deleted is gone.

`inference` finds the resources of a document and what each operation does with them (`resource` has the words),
`seeding` fills a collection with what the document says is in it, `creation` sets what a server sets, `patching`
changes, `listing` filters, sorts and pages, `fitting` makes answers that conform, `paging` tells of pages, `children`
knows which things show others, `store` keeps things in memory, `database` beyond the process. A request is read as an
`asked`; what is there `presence` knows; `reads` and `writes` do what is asked, `showing` makes the answers and
`refusals` the others; `answering` brings all together, `attach` gives it to a server.

Invariants:
- No answer leaves that breaks the document: what an answer can't show of a thing is generated in it, and a warning
  says so; a list that can't be shown is answered as without state.
- What was asked for is done whatever its answer can show.
- An entity that was stored is never changed in place, so what was written of it stays good until there is another.
"""
