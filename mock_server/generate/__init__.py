"""
Values: from what a schema allows to what a reader believes.

`language` and `automaton` speak regular expressions, `pools` asks Faker, `semantics` guesses what a property means,
`hints` gathers what a document says beside its constraints, `sampler` compiles a canonical schema and its hints to a
function: `strings`, `numbers`, `arrays`, `objects` and the `undeclared` properties of these, `alternatives` the
branches of a choice, `merging` what has to match all at once, `sizes` what ends soonest, `search` and `repair` what
is not modelled. `coherence` lets the parts of a value agree, `requested` lets an answer say what the request said:
`envelope` knows where in a body things stand, `pagination` what speaks of pages, `settling` what of it fits. `rows`
keeps whole items of lists as bytes, `produce` proves each value before it leaves, or the items that it is put together
from.

Invariants:
- The same seed gives the same value in every process: nothing here asks the clock, the system or the hash seed.
- The canonical form decides what is allowed; hints only choose among it.
- Serving never draws from Hypothesis.

Rules for editors: Faker is imported in `pools` only; a draw takes its chance from the state it is given.
"""
