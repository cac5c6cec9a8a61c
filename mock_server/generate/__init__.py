"""
Values: from what a schema allows to what a reader believes.

`engine` has what the operations of one document share. `sampler` compiles canonical schemas to functions that draw
values, `text` writes texts by pattern, `realism` knows what properties mean, `producer` proves each value before it
leaves. `echo` lets an answer agree with its request: `envelope` and `pagination` know where things are in a body,
`requested_values` sets what fits. `contents` shapes texts that hold content, `elsewhere` knows what a document shows
of a property in other places. `request` makes requests, `edges` edge cases, `hypothesis` and `fuzzing` Hypothesis
strategies. `seed` derives chance, `clock` bounds the time of a search.

Invariants:
- The same seed gives the same value in every process: nothing here asks the clock, the system or the hash seed.
- The canonical form decides what is allowed; what a site says besides only chooses among it.
- Serving never draws from Hypothesis.

Rules for editors: Faker is imported in `realism.pools` only; a draw takes its chance from the state that it is given.
"""
