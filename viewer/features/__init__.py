"""Feature panel and legend."""
