"""The draft beside the image, and its export."""
