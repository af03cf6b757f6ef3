"""From firing images to feature descriptions."""
