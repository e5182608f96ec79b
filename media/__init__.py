"""Pictures: what is stored, in which sizes, and where they are fetched."""
