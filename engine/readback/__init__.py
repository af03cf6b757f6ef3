"""Result objects of a study read back: structured reports, presentation states and segmentations, of any make."""
