"""Studies and open images."""
