"""What a report says: sentences, sections, and the findings in its words."""
