"""Territory and limits for the tests of residents' features."""

from tests.citizen.support import committed_town, town

__all__ = ["committed_town", "town"]
