"""
The console: pages at `/__console/` on which people see and steer the mock.

`site` is the Starlette application, `door` who may come in, `context` what every page works with, `paint` the
templates. Each page has a module called `page_…`; `selection` filters traffic, `views` says an exchange in words for
the templates, `keep` writes an exchange down as a fixture, `call_form` makes the form of an operation and `ask` a
request of it, `things` looks at what state keeps.

Invariants:
- Whatever came from elsewhere (requests, documents, fixtures) is text: templates escape everything, and the
  Content-Security-Policy allows no script and no style but the two files of `static/`.
- Pages work without JavaScript; it makes them live.
- What changes something is a POST from a page of this very origin.

Rules for editors: no style attributes and no inline scripts, they are not obeyed; no file from another host.
"""
