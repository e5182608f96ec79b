"""What is held about the viewer: see, correct, take along, erase."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from citizen.my_data.correcting import correct, waits_for_warden
from citizen.my_data.erasing import access_erasure, close_account, erase_my_data
from citizen.my_data.exporting import access_export, own_exports, request_export
from citizen.my_data.seeing import my_data
from core.errors import InvalidInput
from core.text import clean
from schema.access import ACCOUNT
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.ids import row_id
from schema.once import Requested, run_once
from schema.types.my_data import (
    DataErasure,
    DataExport,
    MyData,
    shape_erasure,
    shape_export,
    shape_section,
)

_LONGEST = 200


@gql_input
class RequestDataExportInput(Requested):
    """Nothing but the request itself."""


@gql_input
class CorrectionItemInput:
    """One column and what it is to say."""

    field: str = given("Name of the column, as `MyDataFact.name`.")
    value: str = given("What it is to say.")


@gql_input
class CorrectMyDataInput(Requested):
    """What to correct."""

    section: str = given("The section, as `MyDataSection.name`.")
    row_id: strawberry.ID = given("The record, as `MyDataRow.id`.")
    items: list[CorrectionItemInput] = given("What is to change; up to ten columns.")


@gql_input
class EraseMyDataInput(Requested):
    """What to erase."""

    sections: list[str] | None = given(
        "Names of sections, up to fifty; left out: everything that may be erased.", default=None
    )


@gql_input
class CloseAccountInput(Requested):
    """Nothing but the request itself."""


@gql_type(access=ACCOUNT)
class DataExportPayload:
    """The copy."""

    data_export: DataExport = attr("How far it is; ask `dataExport` again.")


@gql_type(access=ACCOUNT)
class CorrectMyDataPayload:
    """What became of a correction."""

    corrected: bool = attr("It is done; otherwise a warden looks at it first (转网格员核实).")


@gql_type(access=ACCOUNT)
class EraseMyDataPayload:
    """What was erased, and what stays."""

    erasure: DataErasure = attr("Kind by kind.")


@gql_type(access=ACCOUNT)
class CloseAccountPayload:
    """What became of the account."""

    closed: bool = attr("It is closed, and every session of it over.")
    erasure: DataErasure = attr("What was erased, what stays, and why.")


@root_type
class MyDataQueries:
    """What is held about the viewer: see, correct, take along, erase."""

    @query(MyData, access=ACCOUNT, cost=60)
    async def my_data(self, info: Info) -> dict[str, Any]:
        """Everything that is held about you (我的信息), why, and for how long."""
        sections = await my_data(info.context.actor)
        return {"sections": [shape_section(one, info.context.language) for one in sections]}

    @query(DataExport | None, access=ACCOUNT)
    async def data_export(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> dict[str, Any]:
        """A copy of your data that you asked for, and how far it is."""
        export_id = row_id(id, "DataExport", field="id")
        found = await access_export(info.context.actor, export_id=export_id)
        return shape_export(found, selected(info))

    @query(list[DataExport], access=ACCOUNT)
    async def data_exports(self, info: Info) -> list[dict[str, Any]]:
        """Copies of your data that can still be fetched or are being made, the newest first."""
        want = selected(info)
        return [shape_export(one, want) for one in await own_exports(info.context.actor)]


@root_type
class MyDataMutations:
    """What is held about the viewer: see, correct, take along, erase."""

    @mutation(DataExportPayload, access=ACCOUNT)
    async def request_data_export(
        self,
        info: Info,
        input: Annotated[RequestDataExportInput, strawberry.argument(description="The request.")],
    ) -> dict[str, Any]:
        """Order a copy of everything that is held about you (复制个人信息), as JSON and PDF."""
        actor = info.context.actor
        export_id = await run_once(info, input, lambda: request_export(actor))
        found = await access_export(actor, export_id=export_id)
        return {"data_export": shape_export(found, selected(info)["data_export"])}

    @mutation(CorrectMyDataPayload, access=ACCOUNT)
    async def correct_my_data(
        self,
        info: Info,
        input: Annotated[CorrectMyDataInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Correct what is held about you (更正). Another name is looked at by a warden first."""
        section = clean(input.section, field="input.section", longest=_LONGEST, shortest=1)
        changed = row_id(input.row_id, "MyDataRow", field="input.rowId")
        changes = {
            clean(one.field, field="input.items", longest=_LONGEST, shortest=1): clean(
                one.value, field="input.items", longest=_LONGEST
            )
            for one in input.items
        }
        if len(input.items) > 10 or len(changes) < len(input.items):
            raise InvalidInput(field="input.items", reason="COUNT")
        actor = info.context.actor
        done = await run_once(
            info, input, lambda: correct(actor, section=section, row_id=changed, changes=changes)
        )
        return {"corrected": not await waits_for_warden(done)}

    @mutation(EraseMyDataPayload, access=ACCOUNT, cost=60)
    async def erase_my_data(
        self,
        info: Info,
        input: Annotated[EraseMyDataInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Erase what is held about you (删除), at once where no duty keeps it.

        The account stays open. What stays is named, with why and until when.
        """
        actor = info.context.actor
        sections = None
        if input.sections is not None:
            if len(input.sections) > 50:
                raise InvalidInput(field="input.sections", reason="COUNT")
            sections = {
                clean(one, field="input.sections", longest=_LONGEST, shortest=1)
                for one in input.sections
            }
        done = await run_once(info, input, lambda: erase_my_data(actor, sections=sections))
        found = await access_erasure(actor, erasure_id=done)
        return {"erasure": shape_erasure(found, info.context.language)}

    @mutation(CloseAccountPayload, access=ACCOUNT, cost=60)
    async def close_account(
        self,
        info: Info,
        input: Annotated[CloseAccountInput, strawberry.argument(description="The request.")],
    ) -> dict[str, Any]:
        """Close your account for good (注销): the phone is forgotten, your listings withdrawn.

        Everything is erased that no duty keeps; where you live stays registered. You are signed
        out everywhere, so a repeat answers `UNAUTHENTICATED`.
        """
        actor = info.context.actor
        done = await run_once(info, input, lambda: close_account(actor))
        found = await access_erasure(actor, erasure_id=done)
        return {"closed": True, "erasure": shape_erasure(found, info.context.language)}
