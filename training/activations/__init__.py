"""Class tokens on disk."""
