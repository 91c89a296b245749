"""One run: assembled from its configuration, played, written and read back."""
