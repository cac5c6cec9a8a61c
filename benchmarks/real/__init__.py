"""
Real applications that nobody here wrote, tested by `mock-server test` and by Schemathesis, side by side.

`applications` says which they are, and how each is installed and started; `install` puts them under `.peers/real`;
`tools` runs a tester and reads what it did; `verdicts` reads how its findings were judged by hand, and `__main__`
runs all of it, one application at a time. Each runs on loopback, in a folder of its own that is deleted afterwards.
"""
