"""The drawing of seed pictures: a canvas, a stage in perspective, and scenes upon them."""
