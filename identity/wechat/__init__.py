"""Accounts and WeChat: who signs in with it, and what it pushes about them."""
