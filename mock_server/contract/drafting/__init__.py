"""
Requests that a provider is likely to take, and what it says of those that it refuses.

`plausible` puts values into a draft that a provider may know, `echo` what other operations accepted and showed,
`hostile` texts that few expect; `refusals` reads what a refusal says and names, `repair` mends a refused request by it.

Rules for editors: what a provider writes is hostile; it is read within bounds, and what comes of it keeps to the
document.
"""
