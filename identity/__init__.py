"""Accounts, sessions, staff, posts and apps: from whoever knocks to an :class:`~identity.actor.Actor`."""
