"""Encoders of the DINOv2 family, such as RAD-DINO, from a folder in Hugging Face's form."""
