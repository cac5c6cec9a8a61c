"""
Secrets in exchanges: how they are recognised, and the one mask that keeps them out of everything written or shown.

`names` and `shapes` recognise them, `bodies` finds them in bodies, `document` by the document, `mask` masks.
"""
