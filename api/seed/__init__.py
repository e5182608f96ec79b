"""A synthetic town for development, demonstrations and measurements."""

from api.seed.filling import Summary, seed, seed_when_empty

__all__ = ["Summary", "seed", "seed_when_empty"]
