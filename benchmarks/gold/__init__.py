"""
Gold: what the program answers and writes, as checksums, so that moving and renaming code is seen to change nothing.

    python -m benchmarks.gold                              # compare the small set with tests/gold/sums.txt
    python -m benchmarks.gold --write                      # write it: the values are to be others from now on
    python -m benchmarks.gold --show 'todos | POST /todos | state'     # the whole text behind a checksum

    python -m benchmarks.gold --large --write sums.txt --keep OLD      # every document of ../shared/specs, texts in OLD
    python -m benchmarks.gold --large --against sums.txt --keep OLD    # compare later, with a diff of what differs

An item is a text under a key. `answers` makes those of each operation, `outputs` those of the commands, the admin side and
the console, `served` is the only module that imports the package under test, `still` replaces the clocks and the chance of
the process and lists what is masked, `sets` says which documents there are, `sums` keeps and compares.
"""
