"""Canvas, tools and overlays."""
