"""Ways to send a request to the API under test, and to receive its callbacks."""
