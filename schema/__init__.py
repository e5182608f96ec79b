"""The GraphQL schema: types and resolvers, thin; no rule lives here."""
