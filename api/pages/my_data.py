"""``/my-data/{id}.json`` and ``.pdf``: copies of data, under addresses signed and soon over."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.pages.fetched import PRIVATE, nothing, signature_of
from citizen.my_data.exporting import fetched

_TYPES: Final = {"json": "application/json", "pdf": "application/pdf"}


async def my_data(request: Request) -> Response:
    """The file; 404 for what is expired, forged or not there."""
    export_id, form = request.path_params["export_id"], request.path_params["form"]
    data = await fetched(export_id, form, *signature_of(request))
    if data is None:
        return nothing()
    name = f'attachment; filename="my-data-{export_id.hex[-8:]}.{form}"'
    return Response(data, headers={**PRIVATE, "Content-Disposition": name}, media_type=_TYPES[form])
