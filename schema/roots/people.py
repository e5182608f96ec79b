"""What is held about people who live in the town, and who looked at it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import NotFound
from core.keyset import Page
from identity.actor import Permission
from management.models import ConsentPurpose, ResidenceCheck
from management.models import Person as PersonRow
from management.models import ResidenceCertificate as Certificate
from management.people.asking import confirm_residence, verify_residence
from management.people.certificates import draw_certificate
from management.people.consents import (
    give_consent,
    own_consents,
    text_in_force,
    withdraw_consent,
)
from management.people.lists import ResidenceFilter, count_residences, list_residences
from management.people.looks import Revealed, access_person, reveal_person, revealed_again
from management.people.permits import permit_count, set_permit_endorsement
from management.people.persons import own_person
from management.people.residences import visible_residences
from management.people.unbinding import unbind_person
from schema.access import ACCOUNT, PUBLIC, holds
from schema.connections import After, Before, First, Last, counted, wanted_nodes
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_input_named,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
)
from schema.ids import optional_row_id, row_id
from schema.once import Requested, run_once
from schema.selection import Selection
from schema.types.people import (
    OF_PERSON,
    PEOPLE,
    REVEALS,
    STAFF_READS,
    ConsentText,
    GivenConsent,
    Person,
    Residence,
    ResidenceCertificate,
    ResidenceConnection,
    ResidencePermit,
    certificate_row,
    consent_row,
    consent_text_row,
    permit_row,
    person_row,
    residence_columns,
    shape_residences,
)

_DECIDES = holds(Permission.DECLARATIONS_DECIDE)


@gql_input_named("ResidenceFilter")
class ResidenceFilterInput:
    """Narrows a list of residences."""

    grid_code: str | None = given("In this grid of any level.", default=None)
    place_id: strawberry.ID | None = given("At this place.", default=None)
    check_state: ResidenceCheck | None = given(
        "Those that nobody has looked at, that are confirmed, or in doubt.", default=None
    )
    current: bool | None = given("Those that hold, or that are over; `null`: both.", default=True)


async def residence_row(info: Info, want: Selection, residence_id: UUID) -> dict[str, Any] | None:
    """One residence that the actor may see, ready for the schema."""
    found = visible_residences(info.context.actor).filter(id=residence_id)
    rows = [dict(row) for row in await found.values(*residence_columns(want))]
    shaped = await shape_residences(rows, want, info.context)
    return shaped[0] if shaped else None


@root_type
class PeopleQueries:
    """What is held about people who live in the town, and who looked at it."""

    @query(Residence | None, access=PEOPLE)
    async def residence(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of it.")],
    ) -> dict[str, Any] | None:
        """One residence (居住登记): your own, of a house that you run, or of your grids."""
        return await residence_row(info, selected(info), row_id(id, "Residence", field="id"))

    @query(ResidenceConnection, access=STAFF_READS)
    async def residences(
        self,
        info: Info,
        filter: Annotated[
            ResidenceFilterInput | None, strawberry.argument(description="Narrows the list.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Who lives in your grids (居住人员), newest first; names and numbers are masked."""
        actor, want = info.context.actor, selected(info)
        nodes = wanted_nodes(want)
        wanted = _filter(filter) if filter else ResidenceFilter()
        page = await list_residences(
            actor,
            filter_by=wanted,
            page=Page.of(first, after, last, before),
            columns=residence_columns(nodes),
        )
        await shape_residences(page.rows, nodes, info.context)
        return await counted(page, want, lambda: count_residences(actor, filter_by=wanted))

    @query(list[ConsentText], access=PUBLIC)
    async def consent_texts(
        self,
        info: Info,
        purposes: Annotated[
            list[ConsentPurpose] | None, strawberry.argument(description="Which; all of them.")
        ] = None,
    ) -> list[dict[str, Any]]:
        """What you may be asked to agree to (单独同意), in the words that hold now."""
        wanted = [one for one in ConsentPurpose if purposes is None or one in purposes]
        return [consent_text_row(text_in_force(one), info.context.language) for one in wanted]


def _filter(given: ResidenceFilterInput) -> ResidenceFilter:
    return ResidenceFilter(
        grid_code=given.grid_code,
        place_id=optional_row_id(given.place_id, "Place", field="filter.placeId"),
        check_state=given.check_state,
        current=given.current,
    )


@gql_input
class RevealPersonInput(Requested):
    """Whom to read in clear."""

    person_id: strawberry.ID = given("Who.")
    reason: str = given("Why, 2 to 200 characters: it goes on record, and the person reads it.")


@gql_input
class UnbindPersonInput(Requested):
    """Whose account is not theirs."""

    person_id: strawberry.ID = given("Who.")
    reason: str = given("Why, 2 to 200 characters: it goes into the audit trail.")


@gql_input
class ConfirmResidenceInput(Requested):
    """Where you still live."""

    residence_id: strawberry.ID = given("Your residence.")


@gql_input
class VerifyResidenceInput(Requested):
    """What you found."""

    residence_id: strawberry.ID = given("The residence.")
    still_there: bool = given("Whether the person lives there.")


@gql_input
class DrawResidenceCertificateInput(Requested):
    """A certificate of where you live now."""


@gql_input
class SetPermitEndorsementInput(Requested):
    """When your permit must be endorsed."""

    endorse_by: date | None = given(
        "By which day, within two years; `null`: don't remind me.", default=None
    )


@gql_input
class GiveConsentInput(Requested):
    """What you agree to."""

    purpose: ConsentPurpose = given("What for. `MINOR` is given where the child is declared.")
    version: str = given("Of the text that you were shown.")


@gql_input
class WithdrawConsentInput(Requested):
    """What you take back."""

    purpose: ConsentPurpose = given("What for; every consent to it.")


@gql_type(access=REVEALS)
class RevealedPerson:
    """A person in clear."""

    name: str | None = attr("Name.")
    number: str | None = attr("Number of the document.")
    phone: str | None = attr("Phone.")
    born: str | None = attr("Day of birth, ISO; empty where the document doesn't say.")


@gql_type(access=REVEALS)
class UnbindPersonPayload:
    """The person."""

    person: Person = attr("As they are now; masked.")


@gql_type(access=PEOPLE)
class ResidencePayload:
    """The residence."""

    residence: Residence = attr("The residence as it is now.")


@gql_type(access=ACCOUNT)
class ResidenceCertificatePayload:
    """The certificate."""

    certificate: ResidenceCertificate = attr("The certificate, with the address of its PDF.")


@gql_type(access=ACCOUNT)
class ResidencePermitPayload:
    """The way to the permit."""

    residence_permit: ResidencePermit = attr("As it is now.")


@gql_type(access=ACCOUNT)
class ConsentsPayload:
    """What you agreed to."""

    consents: list[GivenConsent] = attr("As it is now, the latest first.", size=3)


def revealed_row(found: Revealed) -> dict[str, Any]:
    """Somebody in clear, ready for the schema."""
    return {name: getattr(found, name) for name in ("name", "number", "phone", "born")}


async def _payload(info: Info, residence_id: UUID) -> dict[str, Any]:
    row = await residence_row(info, selected(info)["residence"], residence_id)
    if row is None:
        raise NotFound
    return {"residence": row}


async def _consents(info: Info) -> dict[str, Any]:
    return {"consents": [consent_row(one) for one in await own_consents(info.context.actor)]}


@root_type
class PeopleMutations:
    """What is held about people who live in the town, and who looked at it."""

    @mutation(RevealedPerson, access=REVEALS)
    async def reveal_person(
        self,
        info: Info,
        input: Annotated[RevealPersonInput, strawberry.argument(description="Whom.")],
    ) -> dict[str, Any]:
        """A person in clear (查看完整信息). Who, when and why goes on record, and they are told."""
        actor = info.context.actor
        person_id = row_id(input.person_id, "Person", field="input.personId")
        read: list[Revealed] = []

        async def disclose() -> Revealed:
            read.append(await reveal_person(actor, person_id=person_id, reason=input.reason))
            return read[-1]

        look_id = await run_once(info, input, disclose)
        found = read[-1] if read else await revealed_again(actor, look_id=look_id)
        return revealed_row(found)

    @mutation(UnbindPersonPayload, access=REVEALS)
    async def unbind_person(
        self,
        info: Info,
        input: Annotated[UnbindPersonInput, strawberry.argument(description="Whom.")],
    ) -> dict[str, Any]:
        """Part a person from an account that is not theirs (解除账号绑定); the account is told."""
        actor = info.context.actor
        person_id = row_id(input.person_id, "Person", field="input.personId")
        await run_once(
            info, input, lambda: unbind_person(actor, person_id=person_id, reason=input.reason)
        )
        await access_person(actor, person_id=person_id)  # a repeat does nothing
        (row,) = await PersonRow.filter(id=person_id).values(*OF_PERSON)
        return {"person": person_row(dict(row), actor)}

    @mutation(ResidencePayload, access=ACCOUNT)
    async def confirm_residence(
        self,
        info: Info,
        input: Annotated[ConfirmResidenceInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Say that you still live there (还住这里)."""
        found = row_id(input.residence_id, "Residence", field="input.residenceId")
        await run_once(
            info, input, lambda: confirm_residence(info.context.actor, residence_id=found)
        )
        return await _payload(info, found)

    @mutation(ResidencePayload, access=_DECIDES)
    async def verify_residence(
        self,
        info: Info,
        input: Annotated[VerifyResidenceInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Note whether somebody lives where they are registered (核实居住); gone ends it today."""
        found = row_id(input.residence_id, "Residence", field="input.residenceId")
        await run_once(
            info,
            input,
            lambda: verify_residence(
                info.context.actor, residence_id=found, still_there=input.still_there
            ),
        )
        return await _payload(info, found)

    @mutation(ResidenceCertificatePayload, access=ACCOUNT)
    async def draw_residence_certificate(
        self,
        info: Info,
        input: Annotated[
            DrawResidenceCertificateInput, strawberry.argument(description="Once or again.")
        ],
    ) -> dict[str, Any]:
        """Draw a certificate of where you live (开具居住登记凭证), at most 5 a day."""
        drawn = await run_once(info, input, lambda: draw_certificate(info.context.actor))
        return {"certificate": certificate_row(await Certificate.get(id=drawn))}

    @mutation(ResidencePermitPayload, access=ACCOUNT)
    async def set_permit_endorsement(
        self,
        info: Info,
        input: Annotated[SetPermitEndorsementInput, strawberry.argument(description="When.")],
    ) -> dict[str, Any]:
        """Be reminded a month before your residence permit must be endorsed (居住证签注提醒)."""
        actor = info.context.actor
        await run_once(
            info, input, lambda: set_permit_endorsement(actor, endorse_by=input.endorse_by)
        )
        person = await own_person(actor)
        if person is None:
            raise NotFound
        return {"residence_permit": permit_row(await permit_count(person))}

    @mutation(ConsentsPayload, access=ACCOUNT)
    async def give_consent(
        self,
        info: Info,
        input: Annotated[GiveConsentInput, strawberry.argument(description="To what.")],
    ) -> dict[str, Any]:
        """Agree to something apart from everything else (单独同意)."""
        await run_once(
            info,
            input,
            lambda: give_consent(info.context.actor, purpose=input.purpose, version=input.version),
        )
        return await _consents(info)

    @mutation(ConsentsPayload, access=ACCOUNT)
    async def withdraw_consent(
        self,
        info: Info,
        input: Annotated[WithdrawConsentInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Take a consent back (撤回同意). What rests on a legal duty stays."""
        await run_once(
            info, input, lambda: withdraw_consent(info.context.actor, purpose=input.purpose)
        )
        return await _consents(info)
