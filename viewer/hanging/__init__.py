"""Images beside each other: panes, what is said above each, and what moves together."""
