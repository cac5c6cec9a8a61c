"""
Each act on a running server, once.

They are on `worlds`, `state`, `mappings` (and scenarios), `settings`, `callbacks` and the `journal`.

The admin API and the console are two renderers of what an act returns, and of the `AdminRefusal` that it raises.
"""
