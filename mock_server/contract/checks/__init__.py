"""The checks: each compares what an API did with what its document says."""
