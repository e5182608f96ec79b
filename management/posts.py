"""Who is posted to which grid (定格定人定责): the territory's side of :mod:`identity.posts`."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from core.clock import today
from core.work import work
from identity import posts
from identity.actor import Actor, Permission, Role
from identity.models import DutyGroup, GridPost
from management.access import access_grid
