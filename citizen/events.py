"""What the residents' features tell the packages above. Ids only."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDeclared(Event):
    """A declaration took effect at once: the landlord is asked, the tenant told."""

    declaration_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationHeld(Event):
    """A declaration is doubtful: wardens look at it before it takes effect."""

    declaration_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationDecided(Event):
    """A warden confirmed or refused a declaration: which, its state says."""

    declaration_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationWithdrawn(Event):
    """Who declared took it back before it was decided."""

    declaration_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantAnswered(Event):
    """A landlord confirmed or denied that a tenant lives there."""

    declaration_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidenceDisputed(Event):
    """A person says that they don't live where somebody declared them."""

    objection_id: UUID
    declaration_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionDecided(Event):
    """A member of staff decided an objection: how, its state says."""

    objection_id: UUID
    declaration_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DataExported(Event):
    """A copy of what is held about somebody is ready to be fetched."""

    export_id: UUID
    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalDataErased(Event):
    """Somebody had erased what may be erased."""

    account_id: UUID
