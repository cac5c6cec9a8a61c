"""
The console: pages on which people see and steer the mock.

`site` is the application, `context` has what every page works with, `exchange` shows an exchange in words. The pages
are `traffic`, `operations`, `worlds`, `state`, `scenarios`, `faults` and `coverage`. `call_form` makes the form of an
operation, `send` sends it, `save_fixture` saves an exchange.

Invariants:
- Foreign text (requests, documents, fixtures) is text: templates escape everything, and the Content-Security-Policy
  allows no script and no style but our two files.
- Pages work without JavaScript; it makes them live.
- What changes something is a POST from a page of this very origin.

Rules for editors: no style attributes, no inline scripts, no file from another host.
"""
