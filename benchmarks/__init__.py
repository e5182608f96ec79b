"""``make bench``: our ordinary operations against the raw floor, in one run, as ratios."""
