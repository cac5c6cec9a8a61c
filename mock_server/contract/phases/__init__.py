"""
Phases: what a run sends, in order.

`examples` sends the examples of the document, `coverage` tries each keyword once, `stateful` creates, reads, changes
and deletes and follows links, `fuzzing` searches and shrinks. `resources` creates what a request needs, `callbacks`
receives callbacks and webhooks.

Rules for editors: a phase sends through its session only; its findings go to the incidents of the session.
"""
