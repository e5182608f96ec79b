"""The service put together: HTTP edges, pages, limits, the command line, sample data."""
