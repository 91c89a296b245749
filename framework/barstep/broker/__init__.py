"""Brokers: one typed contract, and what stands behind it."""
