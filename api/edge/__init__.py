"""Everything between the wire and the application: server, middlewares, health."""
