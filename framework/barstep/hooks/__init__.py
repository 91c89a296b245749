"""Hooks: what plugins implement, how they are found, checked and called. The only package that knows pluggy."""
