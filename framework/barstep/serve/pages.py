"""Everything that is served besides the endpoints: the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from barstep.broker.wire import failed
from barstep.serve.openapi import document

if TYPE_CHECKING:
    from starlette.requests import Request

_JSON = "application/json"


def make_pages() -> Starlette:
    """The app of pages; they need no token, for they hold no data of anybody."""
    text = msgspec.json.encode(document())

    async def openapi(_request: Request) -> Response:
        return Response(text, media_type=_JSON)

    app = Starlette(
        routes=[Route("/openapi.json", openapi, methods=["GET"])], exception_handlers={HTTPException: _refused}
    )
    app.router.redirect_slashes = False
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    """Starlette's own refusals (404, 405) in the form of all others."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    told = "there is no such page: see /openapi.json" if status == 404 else "pages are asked for with GET"
    headers = error.headers if isinstance(error, HTTPException) else None
    return Response(msgspec.json.encode(failed(status, told)), status, headers, _JSON)
