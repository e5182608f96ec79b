"""What can go wrong with a short message. No text here ever holds a number or a code."""

from __future__ import annotations


class SmsUnavailable(Exception):
    """The provider does not answer, or is not configured: try again later.

    ``code`` is the provider's own or ours; with ``perhaps_sent`` the answer was lost, and the
    message may have gone out all the same.
    """

    def __init__(self, code: str, *, perhaps_sent: bool = False) -> None:
        self.code = code
        self.perhaps_sent = perhaps_sent
        super().__init__(f"no short message could be sent: {code}")


class SmsRefused(Exception):
    """The provider will not send this, now or later; ``code`` is the provider's own."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"the provider refused the message: {code}")
