"""Who runs a place, whether it may be let, and whom to call about it."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from identity.actor import Permission
from management.blocks import block_place, end_block
from management.claims import assign_landlord, end_landlord
from management.contacts import Contact, reveal_contact
from management.models import ClaimRole
from management.reading import place_of_block, place_of_claim
from schema.access import holds
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, root_type
from schema.ids import row_id
from schema.once import Requested, run_once
from schema.roots.places import PlacePayload, place_payload


@gql_input
class AssignLandlordInput(Requested):
    """Who runs a place."""

    place_id: strawberry.ID = given("The place.")
    phone: str = given("Mobile number with which they sign in.")
    role: ClaimRole = given("As what they run it.")


@gql_input
class EndLandlordInput(Requested):
    """Who no longer runs a place."""

    operator_id: strawberry.ID = given("As `Operator.id`.")
    reason: str = given("Why, up to 200 characters; they will read it.", default="")


@gql_input
class BlockPlaceInput(Requested):
    """Why a place may not be let."""

    place_id: strawberry.ID = given("The place.")
    reason: str = given("The reason, which its operator will read.")


@gql_input
class EndBlockInput(Requested):
    """Which block is lifted."""

    block_id: strawberry.ID = given("As `PlaceBlock.id`.")


@gql_input
class RevealPlaceContactInput(Requested):
    """Whose contact to see, and why."""

    place_id: strawberry.ID = given("The place.")
    reason: str = given("Why: it goes on record.")


@gql_type(access=holds(Permission.PLACES_CONTACT))
class ContactPayload:
    """A contact in clear."""

    name: str | None = attr("Whom to call.")
    phone: str | None = attr("Their phone.")


@root_type
class LettingMutations:
    """Who runs a place, and whether it may be let."""

    @mutation(PlacePayload, access=holds(Permission.CLAIMS_DECIDE))
    async def assign_landlord(
        self,
        info: Info,
        input: Annotated[AssignLandlordInput, strawberry.argument(description="Who.")],
    ) -> dict[str, Any]:
        """Note who runs a place, after seeing the papers."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        await run_once(
            info,
            input,
            lambda: assign_landlord(
                info.context.actor, place_id=place_id, phone=input.phone, role=input.role
            ),
        )
        return await place_payload(info, place_id)

    @mutation(PlacePayload, access=holds(Permission.CLAIMS_DECIDE))
    async def end_landlord(
        self,
        info: Info,
        input: Annotated[EndLandlordInput, strawberry.argument(description="Who.")],
    ) -> dict[str, Any]:
        """Note that somebody no longer runs a place; what they offer there is withdrawn."""
        claim_id = row_id(input.operator_id, "Operator", field="input.operatorId")
        await run_once(
            info,
            input,
            lambda: end_landlord(info.context.actor, claim_id=claim_id, reason=input.reason),
        )
        return await place_payload(info, await place_of_claim(claim_id))

    @mutation(PlacePayload, access=holds(Permission.PLACES_BLOCK))
    async def block_place(
        self,
        info: Info,
        input: Annotated[BlockPlaceInput, strawberry.argument(description="Why.")],
    ) -> dict[str, Any]:
        """Bar a place from letting; its listings are suspended at once."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        await run_once(
            info,
            input,
            lambda: block_place(info.context.actor, place_id=place_id, reason=input.reason),
        )
        return await place_payload(info, place_id)

    @mutation(PlacePayload, access=holds(Permission.PLACES_BLOCK))
    async def end_block(
        self,
        info: Info,
        input: Annotated[EndBlockInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Lift a block; suspended listings return when it was the last in force."""
        block_id = row_id(input.block_id, "PlaceBlock", field="input.blockId")
        await run_once(info, input, lambda: end_block(info.context.actor, block_id=block_id))
        return await place_payload(info, await place_of_block(block_id))

    @mutation(ContactPayload, access=holds(Permission.PLACES_CONTACT))
    async def reveal_place_contact(
        self,
        info: Info,
        input: Annotated[RevealPlaceContactInput, strawberry.argument(description="Whose.")],
    ) -> dict[str, Any]:
        """The contact of a place in clear. Each reading and its reason go on record."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        actor = info.context.actor
        read: list[Contact] = []

        async def disclose() -> Contact:
            read.append(await reveal_contact(actor, place_id=place_id, reason=input.reason))
            return read[-1]

        await run_once(info, input, disclose)
        if not read:  # a repeat reads once more, so it goes on record once more
            await disclose()
        return {"name": read[-1].name, "phone": read[-1].phone}
