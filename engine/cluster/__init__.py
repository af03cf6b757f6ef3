"""Work that is handed out: to this process, or to the workers of a Ray cluster, by the same calls."""
