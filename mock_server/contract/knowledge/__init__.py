"""
Knowledge of the provider's data, and how a run collects it.

`memory` keeps `things` and values, `observed` finds them in answers, `templates` compares the templates of paths.

Rules for editors: what a provider writes is hostile; it is read within bounds.
"""
