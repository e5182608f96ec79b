"""Who lives in the let rooms of a synthetic town, as they or their landlords declared it.

Numbers of documents are right in form and nobody's: the three digits in sequence are 000, which is
never issued. Names say that they are samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from api.seed import words
from api.seed.chance import Chance
from api.seed.houses import House
from api.seed.people import Accounts
from api.seed.town import Row, Town
from citizen.models import DeclarationAction, DeclarationState, Relation
from core.crypto import ring
from identity.actor import ActorKind
from management.models import (
    DocumentKind,
    DutyState,
    PlaceBlockKind,
    ResidenceCheck,
    ResidenceSource,
    RoomState,
)
from management.working_days import after_working_days

_REGISTERED: Final = 0.8
_FAMILIES: Final = 0.2
_OPEN_DUTIES: Final = 3
# County-level divisions from which many come to work in the delta.
_ORIGINS: Final = ("431126", "450821", "511522", "522426", "361029", "420583", "441423", "451224")
_SOURCES: Final = (ResidenceSource.SELF, ResidenceSource.LANDLORD, ResidenceSource.WARDEN)
_LONG_AGO: Final = timedelta(days=300)


@dataclass(slots=True)
class Residents:
    """Registers people, one after the other."""

    town: Town
    accounts: Accounts
    issued: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    """Numbers of children and of grown-ups."""

    def settle(self, houses: Sequence[House]) -> None:
        """People in most let rooms; where nobody is registered the landlord owes it."""
        chance = self.town.chance("residents")
        owing = []
        for house in houses:
            if not house.in_use:
                continue
            for room in house.rooms:
                if room["state"] is not RoomState.LET:
                    continue
                if house.built.part is None and not chance.happens(_REGISTERED):
                    owing.append((house, room))
                    continue
                self._household(chance, house, room)
        self._duties(chance, houses, owing)

    def _household(self, chance: Chance, house: House, room: Row) -> None:
        moved_in = chance.moment(
            max(self.town.start + timedelta(days=30), self.town.end - _LONG_AGO),
            self.town.end - timedelta(days=2),
        )
        moved_in = max(moved_in, room["created_at"] + timedelta(hours=1))
        family = chance.uuid7(moved_in) if chance.happens(_FAMILIES) else None
        batch = chance.uuid7(moved_in)
        source = chance.weighted(_SOURCES, (6, 3, 1))
        for serial in range(chance.between(2, 3) if family else 1):
            relation = Relation.SELF if serial == 0 else Relation.SPOUSE
            if serial > 1:
                relation = Relation.CHILD
            person_id = self._person(chance, moved_in, child=relation is Relation.CHILD)
            residence = self._residence(chance, room, person_id, source, moved_in, family)
            self._declared(chance, house, residence, moved_in, batch, relation)

    def _person(self, chance: Chance, moment: datetime, *, child: bool) -> UUID:
        person_id = chance.uuid7(moment)
        number, born = self._document(child=child)
        sealed = {
            "number": number,
            "name": words.person(chance),
            "born": born.isoformat(),
        }
        kind = DocumentKind.MAINLAND_ID
        self.town.add(
            "person",
            id=person_id,
            document_kind=kind,
            number_index=ring().index(
                f"{kind.value}:{number}", table="person", column="number_index"
            ),
            **{
                column: ring().encrypt(text, table="person", column=column, row=person_id)
                for column, text in sealed.items()
            },
            version=1,
            created_at=moment,
            updated_at=moment,
        )
        return person_id

    def _document(self, *, child: bool) -> tuple[str, date]:
        """A number that nobody bears, another one each time; and the day of birth in it."""
        serial = self.issued[child]
        self.issued[child] += 1
        turn, origin = divmod(serial, len(_ORIGINS))
        youngest, oldest = (6, 15) if child else (18, 58)
        days = (oldest - youngest) * 365
        # A step that has no factor in common with the days reaches each of them once.
        born = date(self.town.base.year - oldest, 1, 1) + timedelta(days=turn * 7919 % days)
        digits = f"{_ORIGINS[origin]}{born:%Y%m%d}000"
        return digits + _check_digit(digits), born

    def _residence(
        self,
        chance: Chance,
        room: Row,
        person_id: UUID,
        source: ResidenceSource,
        moment: datetime,
        family: UUID | None,
    ) -> Row:
        return self.town.add(
            "residence",
            id=chance.uuid7(moment),
            person_id=person_id,
            place_id=room["place_id"],
            room_id=room["id"],
            source=source,
            check_state=chance.weighted(
                (ResidenceCheck.UNCHECKED, ResidenceCheck.CONFIRMED), (3, 1)
            ),
            family=family,
            starts_on=moment.date(),
            confirmed_on=max(moment, self.town.end - timedelta(days=170)).date(),
            created_at=moment,
            current=True,
        )

    def _declared(
        self,
        chance: Chance,
        house: House,
        residence: Row,
        moment: datetime,
        batch: UUID,
        relation: Relation,
    ) -> None:
        source = residence["source"]
        account_id = house.landlord if source is ResidenceSource.LANDLORD else None
        if source is ResidenceSource.SELF and self.accounts.seekers:
            account_id = chance.one_of(self.accounts.seekers)["id"]
        staff_id = None if account_id else self.town.wardens[house.row["grid_code"]]
        declaration_id = chance.uuid7(moment)
        self.town.add(
            "declaration",
            id=declaration_id,
            account_id=account_id,
            staff_id=staff_id,
            person_id=residence["person_id"],
            place_id=residence["place_id"],
            room_id=residence["room_id"],
            residence_id=residence["id"],
            source=source,
            relation=Relation.TENANT if source is ResidenceSource.LANDLORD else relation,
            batch=batch,
            household=residence["family"] is not None,
            document_kind=DocumentKind.MAINLAND_ID,
            starts_on=residence["starts_on"],
            state=DeclarationState.IN_FORCE,
            doubts=[],
            welfare=False,
            question_open=False,
            version=1,
            created_at=moment,
        )
        self.town.add(
            "declaration_step",
            id=chance.uuid7(moment),
            declaration_id=declaration_id,
            number=1,
            at=moment,
            by_kind=ActorKind.ACCOUNT if account_id else ActorKind.STAFF,
            account_id=account_id,
            staff_id=staff_id,
            action=DeclarationAction.DECLARE,
        )

    def _duties(
        self, chance: Chance, houses: Sequence[House], owing: Sequence[tuple[House, Row]]
    ) -> None:
        """Overdue ones are why some houses may not let; a few others are due soon."""
        blocks = {
            row["place_id"]: row
            for row in self.town.rows["place_block"]
            if row["ends_at"] is None and row["kind"] is PlaceBlockKind.TENANT_REGISTRATION_OVERDUE
        }
        for house in houses:
            block = blocks.get(house.row["id"])
            if block is not None and house.rooms:
                self._duty(chance, house, house.rooms[-1], block)
        new = [
            pair for pair in owing if pair[0].built.part is None and pair[0].row["id"] not in blocks
        ]
        for house, room in chance.some(new, _OPEN_DUTIES):
            self._duty(chance, house, room, None)

    def _duty(self, chance: Chance, house: House, room: Row, block: Row | None) -> None:
        end = block["starts_at"] if block else self.town.end
        signed_on = end.date() - timedelta(days=12 if block else 1)
        signed_at = datetime.combine(signed_on, self.town.end.timetz())
        duty_id = chance.uuid7(signed_at)
        self.town.add(
            "tenant_duty",
            id=duty_id,
            place_id=house.row["id"],
            room_id=room["id"],
            account_id=house.landlord,
            signed_on=signed_on,
            due_on=after_working_days(signed_on, 3),
            state=DutyState.OPEN,
            block_id=block["id"] if block else None,
            created_at=signed_at,
        )
        if block is not None:
            block["source"] = f"duty:{duty_id}"


def register(town: Town, houses: Sequence[House], accounts: Accounts) -> None:
    """Everybody who lives in the town's let rooms, and what landlords still owe."""
    Residents(town, accounts).settle(houses)


def _check_digit(digits: str) -> str:
    """ISO 7064 MOD 11-2 over 17 digits (GB 11643)."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits))
    return "10X98765432"[total % 11]
