"""Index of the images of this machine: patient → study → series → image, linked to their files and never copied."""
