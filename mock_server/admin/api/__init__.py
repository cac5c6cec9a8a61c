"""
The admin API: JSON views, one module for each thing. The docstring of a view is its description in the reference.

`journal` and `verify` show what was asked, `explain` why it was answered so, `usage` has coverage and metrics,
`worlds`, `state`, `mappings`, `settings` and `callbacks` show and change these.
"""
