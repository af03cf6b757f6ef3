"""One plug-in of each kind, in a few lines each."""
