"""The operations that are measured: what clients send."""

from __future__ import annotations

from typing import Final

PLATE: Final = """
query Plate($token: String!) {
  plate(token: $token) {
    token state
    place {
      id code name kind address riskClass community { code name }
      point { longitude latitude }
    }
    actions
    listings(first: 20) {
      nodes {
        id title rent deposit area state availableFrom description
        photos { url thumbnailUrl width height alt }
        room { number floor area }
        landlord { displayName }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

HAZARDS: Final = """
query Hazards($grid: String!) {
  hazards(filter: { gridCode: $grid, openOnly: false }, first: 50) {
    nodes {
      id code state severity reportedAt dueAt source assigneeName
      category { code name }
      place { name address }
      photos { role photo { thumbnailUrl width height } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

PLACES: Final = """
query Places($grid: String!, $kind: PlaceKind!) {
  places(filter: { gridCode: $grid, kinds: [$kind] }, first: 50) {
    nodes {
      id code kind name address riskClass lifecycle completeness filedAt floors area exits
      extinguishers version grid { code name } community { name }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

SEARCH: Final = """
query Search($filter: ListingFilter) {
  listings(filter: $filter, first: 20) {
    nodes {
      id title rent deposit area state availableFrom description
      photos { url thumbnailUrl width height alt }
      room { number floor area }
      landlord { displayName }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
