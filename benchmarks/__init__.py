"""
Speeds, side by side with peers: `make bench`.

One core serves and one sends. Every server of a case is started and warmed up once; then, round by round, each runs
alone while the others are stopped, and what counts is the requests it answered per second of CPU time that its whole
process group took. A comparison is the median of the ratios within rounds, so that what disturbs a whole round
disturbs both sides of it.

Two rules for editors: a server whose answer is not what the case asks for is not measured, and nothing that a case
gives us and not a peer may go unsaid in its title or notes.
"""
