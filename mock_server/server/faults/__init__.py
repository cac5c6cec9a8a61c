"""
Delays and faults of answers.

`plan` decides what a request meets (pure: settings, seed and turn), `deliver` produces it on the connection.

Invariants:
- The same seed and the same requests meet the same delays and faults in every run; each world counts its own turns.
- A fault is what its name says, on the socket. If it can't be produced, that is reported, and nothing imitates it.
"""
