"""The strip of open images at the left."""
