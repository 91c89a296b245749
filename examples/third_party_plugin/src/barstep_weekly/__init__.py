"""A weekly loss limit and range-dependent slippage for barstep."""
