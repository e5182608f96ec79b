"""Who is posted to which grid (定格定人定责): the territory's side of :mod:`identity.posts`."""

from __future__ import annotations
