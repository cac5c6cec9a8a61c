"""
Time: what it is in a world, and how long things take.

`clock` tells the time of a world, `durations` reads lengths of time as people write them.
"""
