"""The signed-in person as a resident: who they are, where they live, who looked."""

from __future__ import annotations

from typing import Any

from core.keyset import Page
from identity.actor import ActorKind
from management.models import Person as PersonModel
from management.people.certificates import own_certificates
from management.people.consents import own_consents
from management.people.lists import count_own_residences, own_residences
from management.people.looks import count_own_looks, own_looks
from management.people.permits import permit_count
from management.people.persons import own_person
from schema.access import ACCOUNT, SIGNED_IN
from schema.connections import After, Before, First, Last, counted, wanted_nodes
from schema.context import Info
from schema.fields import gql_type, row_field, selected_here
from schema.types.people import (
    LOOK_COLUMNS,
    OF_PERSON,
    GivenConsent,
    Person,
    PersonLookConnection,
    ResidenceCertificate,
    ResidenceConnection,
    ResidencePermit,
    certificate_row,
    consent_row,
    permit_row,
    person_row,
    residence_columns,
    shape_looks,
    shape_residences,
)


@gql_type(access=SIGNED_IN)
class ResidentViewer:
    """What is a resident's own."""

    @row_field(Person | None, access=ACCOUNT)
    async def person(self, info: Info) -> dict[str, Any] | None:
        """Who you are, as you were registered (本人信息), in clear; `null` while you are not."""
        actor = info.context.actor
        if actor.kind is not ActorKind.ACCOUNT:
            return None
        rows = await PersonModel.filter(account_id=actor.id).values(*OF_PERSON)
        return person_row(rows[0], actor) if rows else None

    @row_field(ResidenceConnection | None, access=ACCOUNT, size=1)
    async def residences(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any] | None:
        """Where you live and lived (居住登记), the latest first."""
        context = info.context
        if not ACCOUNT.actor(context.actor):
            return None
        want = selected_here(info)
        nodes = wanted_nodes(want)
        page = await own_residences(
            context.actor,
            page=Page.of(first, after, last, before),
            columns=residence_columns(nodes),
        )
        await shape_residences(page.rows, nodes, context)
        return await counted(page, want, lambda: count_own_residences(context.actor))

    @row_field(PersonLookConnection | None, access=ACCOUNT, size=1)
    async def data_looks(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any] | None:
        """Who read your data in clear, and why (谁看过我的信息), the latest first."""
        context = info.context
        if not ACCOUNT.actor(context.actor):
            return None
        want = selected_here(info)
        page = await own_looks(
            context.actor, page=Page.of(first, after, last, before), columns=LOOK_COLUMNS
        )
        await shape_looks(page.rows, context.language)
        return await counted(page, want, lambda: count_own_looks(context.actor))

    @row_field(ResidencePermit | None, access=ACCOUNT)
    async def residence_permit(self, info: Info) -> dict[str, Any] | None:
        """How far you are toward a residence permit (居住证); `null` while nobody is registered."""
        person = await own_person(info.context.actor)
        return permit_row(await permit_count(person)) if person else None

    @row_field(list[ResidenceCertificate] | None, access=ACCOUNT, size=3)
    async def residence_certificates(self, info: Info) -> list[dict[str, Any]] | None:
        """Certificates of residence that you drew (居住登记凭证), the newest first, at most 50."""
        if not ACCOUNT.actor(info.context.actor):
            return None
        return [certificate_row(one) for one in await own_certificates(info.context.actor)]

    @row_field(list[GivenConsent] | None, access=ACCOUNT, size=3)
    async def consents(self, info: Info) -> list[dict[str, Any]] | None:
        """What you agreed to (同意记录), the latest first."""
        if not ACCOUNT.actor(info.context.actor):
            return None
        return [consent_row(consent) for consent in await own_consents(info.context.actor)]
