"""The residence certificate of who has just declared: whether there is one, and who asks for it."""

from __future__ import annotations

from uuid import UUID

from citizen.models import Declaration, DeclarationState, Relation
from core.errors import NotFound
from identity.actor import Actor, ActorKind
from identity.models import Account
from management.models import Person


async def earns_certificate(own: Declaration) -> bool:
    """Whether who made a declaration can draw a certificate of it at once.

    It is in force, about themselves, and the person is the one behind their account.
    """
    mine = own.state is DeclarationState.IN_FORCE and own.relation is Relation.SELF
    return mine and await Person.exists(id=own.person_id, account_id=own.account_id)


async def who_declared(declaration_id: UUID) -> Actor:
    """The account that made a declaration, for what was signed for it when it was signed in.

    Raises:
        NotFound: no account made it, or the account is locked or closed.
    """
    row = await Declaration.get_or_none(id=declaration_id)
    if row is None or row.account_id is None:
        raise NotFound
    if not await Account.exists(id=row.account_id, locked_at=None, closed_at=None):
        raise NotFound
    return Actor(kind=ActorKind.ACCOUNT, id=row.account_id)
