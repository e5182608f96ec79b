"""Importing this registers the event handlers and jobs of the package."""
