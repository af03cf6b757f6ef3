"""What is open, shown, selected and edited; knows nothing of Qt, so that it can be tested and reused anywhere."""
