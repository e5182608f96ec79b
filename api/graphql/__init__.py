"""The GraphQL edge: limits, execution, trusted documents, HTTP and sockets."""
