"""
Secrets in exchanges.

Which names and shapes give them away, and the one mask that keeps them out of all that is written or shown.
"""
