"""
The checks: each compares what an API did with what its document says.

`exchange` has those that need one exchange only, `coherence` compares values, `acceptance` decides when a refusal is
wrong, `safe_methods` tests what safe methods promise.
"""
