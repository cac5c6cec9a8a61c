"""
Secrets in exchanges: how they are recognised, and the one mask that keeps them out of everything written or shown.

`names` and `shapes` recognise them, `bodies` finds them in bodies, `document` by the document. A mask is put together
of what it knows (`known`) and what it looks through: JSON data (`values`), `texts`, `heads` of messages, and whole
messages (`mask`).
"""
