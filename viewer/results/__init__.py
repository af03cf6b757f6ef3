"""Result objects of others and our own, read back: found, listed, read as text and drawn over their image."""
