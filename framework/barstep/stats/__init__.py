"""Measures as pure functions of arrays; each says its formula, basis and unit."""
