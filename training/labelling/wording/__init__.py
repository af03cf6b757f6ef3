"""Word what the statistics bear out by a local language model, and keep only words that say the same."""
