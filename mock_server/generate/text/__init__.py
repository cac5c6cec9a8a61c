"""Texts by pattern: regular expressions of ECMA-262 read, and strings of a given length written from them."""
