"""The OpenAPI 3.1 document of the served gateway, made from the table of endpoints that also validates requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep._version import __version__
from barstep.gateway.endpoints import ENDPOINTS
from barstep.serve.front import FAULT, METHODS, MOST_BYTES, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.gateway.endpoint import Endpoint
    from barstep.gateway.fields import Dialect, Field

    Schema = dict[str, Any]

_TITLES: dict[Dialect, str] = {"sim": "the playground's dialect", "live": "the live gateway's dialect"}
_KINDS: dict[str, Schema] = {
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "text": {"type": "string"},
    "flag": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "order id": {"type": ["integer", "string"]},
    "object": {"type": "object"},
    "list": {"type": "array"},
    "any": {},
}
_REFUSALS = {
    400: "The request is malformed: the message names the field, what was found and what was expected.",
    401: "No token, or one that is unknown, expired or given back.",
    403: "The Host is none of the gateway's, or the request comes from a web page.",
    404: "There is no such account.",
    405: "The path takes another method.",
    408: "The body did not arrive in time.",
    409: "In conflict with a replay that runs.",
    413: f"The body is longer than {MOST_BYTES:,} bytes.",
    415: "The body is not declared as JSON.",
    429: "Too many requests, where the server was started with limits.",
}
_HEADERS = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After"}
_ALWAYS = (403, 405, 429)
_WITH_BODY = (400, 408, 413, 415)


def document() -> dict[str, Any]:
    """The document as a mapping; the same for every server, for it holds neither its address nor its data."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "barstep gateway",
            "version": __version__,
            "description": "A replay of historical bars behind the gateway API. A request that is refused but well "
            "formed answers 200 with `success` false, an `errorCode` of the endpoint and an `errorMessage`.",
        },
        "servers": [{"url": "/"}],
        "paths": {
            PREFIXES[dialect] + endpoint.path: {
                method.lower(): _operation(endpoint, dialect, method) for method in METHODS[endpoint.method]
            }
            for dialect in PREFIXES
            for endpoint in ENDPOINTS.values()
            if dialect in endpoint.dialects
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Refusal": _refusal()},
            "responses": {str(status): _refused(status) for status in _REFUSALS},
        },
        "security": [{"token": []}],
    }


def _operation(endpoint: Endpoint, dialect: Dialect, method: str) -> Schema:
    area = endpoint.path.partition("/")[0]
    name = "" if method == endpoint.method else f"_{method.lower()}"
    codes = ", ".join(f"{code} {name}" for code, name in enumerate(endpoint.codes))
    operation: Schema = {
        "operationId": f"{dialect}_{endpoint.path.replace('/', '_')}{name}",
        "tags": [f"{area}, {_TITLES[dialect]}"],
        "summary": endpoint.does,
        "description": f"Error codes: {codes}; {FAULT} a fault.",
    }
    statuses = [*_ALWAYS, *endpoint.statuses]
    if method == "POST":
        statuses += _WITH_BODY
        schema = _object(endpoint.fields, dialect, request=True)
        required = "required" in schema
        content = {"application/json": {"schema": schema if required else _or_null(schema)}}
        operation["requestBody"] = {"required": required, "content": content}
    if endpoint.open:
        operation["security"] = []
    else:
        statuses.append(401)
    answered = {"description": "Answered.", "content": {"application/json": {"schema": _answer(endpoint, dialect)}}}
    refused = {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(set(statuses))}
    operation["responses"] = {"200": answered, **refused}
    return operation


def _answer(endpoint: Endpoint, dialect: Dialect) -> Schema:
    """Done, with the whole payload; or refused, with a code, a message and a payload that may be missing or null."""
    payload = _object(endpoint.answer, dialect, request=False)
    ours = {"barstep": {"type": "object"}}
    worked = {
        "type": "object",
        "required": ["success", "errorCode", "errorMessage", *payload.get("required", ())],
        "properties": {
            "success": {"const": True},
            "errorCode": {"const": 0},
            "errorMessage": {"type": "null"},
            **payload["properties"],
            **ours,
        },
        "additionalProperties": False,
    }
    nothing: Schema = {name: {"type": "null"} for name in payload["properties"]}
    return {"oneOf": [worked, _failure({"minimum": 1}, {**nothing, **ours})]}


def _refusal() -> Schema:
    return _failure({"minimum": 400, "maximum": 499}, {})


def _failure(code: Schema, payload: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["success", "errorCode", "errorMessage"],
        "properties": {
            "success": {"const": False},
            "errorCode": {"type": "integer", **code},
            "errorMessage": {"type": "string", "minLength": 1},
            **payload,
        },
        "additionalProperties": False,
    }


def _refused(status: int) -> Schema:
    told: Schema = {
        "description": _REFUSALS[status],
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
    }
    if status in _HEADERS:
        kind = "integer" if status == 429 else "string"
        told["headers"] = {_HEADERS[status]: {"required": True, "schema": {"type": kind}}}
    return told


def _object(fields: Sequence[Field], dialect: Dialect, *, request: bool) -> Schema:
    """An object's schema; requests may hold names that the table does not know, answers may not."""
    mine = [field for field in fields if request or field.only in ("", dialect)]
    needed = [field.name for field in mine if (field.needed(dialect) if request else field.required)]
    schema: Schema = {"type": "object", "properties": {field.name: _field(field, dialect, request) for field in mine}}
    if needed:
        schema["required"] = needed
    if not request:
        schema["additionalProperties"] = False
    return schema


def _field(field: Field, dialect: Dialect, request: bool) -> Schema:
    schema = dict(_KINDS[field.kind])
    if field.fields:
        inner = _object(field.fields, dialect, request=request)
        if field.closed:
            inner["additionalProperties"] = False
        schema = inner if field.kind == "object" else {**schema, "items": inner}
    if field.low is not None:
        schema["minimum"] = field.low
    if field.high is not None:
        schema["maximum"] = field.high
    if not (field.needed(dialect) if request else field.required) and schema:
        schema = _or_null(schema)
    if field.meaning:
        schema["description"] = field.meaning
    return schema


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}
