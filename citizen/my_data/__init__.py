"""What is held about somebody: they see it, correct it, take a copy along, have it erased.

Everything is done from the register of personal data (:mod:`core.privacy`): for the account that
asks, and for the person behind it.
"""
