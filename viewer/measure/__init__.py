"""Measurements in the viewer: what is kept, how they are drawn, and the hand that draws them."""
