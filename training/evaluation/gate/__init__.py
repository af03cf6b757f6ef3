"""How many chests the input gate lets pass and how many other pictures it refuses, through the engine, from files."""
