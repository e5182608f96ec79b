"""Sheets of plates to print: what a label looks like, and the PDF that holds them.

Nothing here knows the database. :mod:`management.plate_printing` says which plates.
"""
