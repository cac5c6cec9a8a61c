"""Realistic values: what a property means, and tables and pools of values that fit the meaning."""
