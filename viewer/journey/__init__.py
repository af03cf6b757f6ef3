"""One scripted journey through the whole program, with a picture of each step."""
