"""People: their documents, checked before anything is kept."""
