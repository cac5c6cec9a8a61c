"""
State from the document: what is created can be read, what is deleted is gone.

`inference` finds the resources of a document and binds operations to them (`resources`), `children` finds items that
others show. `store` keeps records in memory, `database` beyond the process. `source` reads a request as a
`StateRequest` for a `Collection`, and `crud` has a function for each action. They use `records` (seeded, found, with
children), `seeds` (initial items), `body` (new bodies), `patch`, `listing` (filters, order, pages) and `representation`
(answers that conform). `editor` is for the admin side.

Invariants:
- No answer breaks the document: properties that it can't show are generated, with a warning; a list that can't be
  shown is answered without state.
- An accepted write is stored, whatever its answer can show.
- A stored item is never changed in place, so an answer made from it is good until there is another one.
"""
