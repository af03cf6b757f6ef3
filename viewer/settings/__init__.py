"""Settings of the viewer."""
