"""Archives in the viewer: ask, fetch, send, and where they are declared."""
