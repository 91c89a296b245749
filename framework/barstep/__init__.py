"""barstep: a plugin-based strategy framework for futures traders."""
