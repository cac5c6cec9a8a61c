"""The sampler: canonical schemas compiled to functions that draw values."""
