"""
Ways to send a request to the API under test, and to receive its callbacks.

`http` sends over the network, within the time that `deadline` leaves; `in_process` calls an ASGI or WSGI application;
`paced` limits the rate; `listener` receives callbacks.
"""
