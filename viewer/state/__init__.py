"""What is open, shown, selected and edited; no Qt."""
