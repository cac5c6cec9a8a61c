"""The smallest servers that can be compared with: each one file, each listening as `mock-server serve` does."""
