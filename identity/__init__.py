"""Accounts, sessions, staff, posts and apps: from whoever knocks to an actor with rights."""
