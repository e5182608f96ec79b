"""The fields of Query, Mutation and Subscription, by subject."""
