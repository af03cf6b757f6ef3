"""The picture: pyramid, view, window/level, annotations, heat maps."""
