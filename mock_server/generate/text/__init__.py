"""
Texts by pattern and format.

`regex` parses regular expressions of ECMA-262, `charset` has sets of characters, `language` writes strings of a given
length, `automaton` intersects patterns, `texts` combines formats, patterns and lengths.
"""
