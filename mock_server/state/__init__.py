"""
State from the document: what is created can be read, what is deleted is gone.

`inference` finds the `resources` of a document and what each operation does with them. `source` answers: `crud` has one
function for each action, over a `collection` and its `records`; `seeds` are the items at the start, `listing` filters,
sorts and pages, `body` and `patch` apply what was sent, `children` finds what belongs to an item, `representation`
makes conforming answers. `store` keeps items in memory, `database` beyond the process, `editor` edits them by hand.

Invariants:
- No answer leaves that breaks the document: what an answer can't show of an item is generated, and a warning says so;
  a list that can't be shown is answered as without state.
- What was asked for is done, whatever its answer can show.
- A stored item is never changed in place, so what was written of it stays valid until there is another.
"""
