"""The types of the schema, by subject, each with the function that shapes its rows."""
