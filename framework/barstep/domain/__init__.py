"""The nouns of the field: no input or output, nothing but the standard library and numpy."""
