"""
Delays and faults.

`drawing` decides what a request meets (pure: settings, seed and turn in), `disturb` sees that it does, `breaking` does
to the connection what a fault's name says, over the `line` that our HTTP protocol lends to the application.

Invariants:
- The same seed and the same requests meet the same delays and faults, in every run; each world counts its own turns.
- A fault is what its name says, on the socket. Where it can't be had, that is said instead of imitating it.
- Waiting blocks nobody else, and ends when the client leaves or the server stops.
"""
