"""Other people's code in named places: found by its entry point, loaded when asked for, left out when it fails."""
