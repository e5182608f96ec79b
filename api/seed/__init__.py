"""A synthetic town for development, demonstrations and measurements."""
