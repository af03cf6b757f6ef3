"""Why a sentence stands in the draft."""
