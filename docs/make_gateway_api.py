"""Writes the tables of docs/gateway-api.md from the gateway's own table of endpoints. Run it from anywhere."""

from __future__ import annotations

import re
from pathlib import Path

from barstep.gateway.endpoint import Endpoint
from barstep.gateway.endpoints import ENDPOINTS
from barstep.gateway.fields import Field
from barstep.gateway.objects import RESULTS

PAGE = Path(__file__).resolve().parent / "gateway-api.md"


def endpoints() -> str:
    """One row for each endpoint: fields in bold are required, in italics required in the live dialect only."""
    rows = ["| endpoint | what it does | takes | answers |", "|---|---|---|---|"]
    rows += [_row(endpoint) for endpoint in ENDPOINTS.values()]
    return "\n".join(rows)


def fields() -> str:
    """One row for each field of a request, with all that it says in the endpoints that take it."""
    said: dict[tuple[str, str], list[str]] = {}
    for endpoint in ENDPOINTS.values():
        for field in endpoint.fields:
            for each, prefix in ((field, ""), *((inner, f"{field.name}.") for inner in field.fields)):
                meanings = said.setdefault((f"{prefix}{each.name}", each.kind), [])
                if each.meaning and each.meaning not in meanings:
                    meanings.append(each.meaning)
    rows = ["| field | type | what it says |", "|---|---|---|"]
    rows += [f"| `{name}` | {kind} | {'; or '.join(meanings)} |" for (name, kind), meanings in said.items()]
    return "\n".join(rows)


def results() -> str:
    """One row for each field of what Replay/end sums up."""
    rows = ["| in `results` | what it says |", "|---|---|"]
    return "\n".join(rows + [f"| `{field.name}` | {field.meaning} |" for field in RESULTS])


def _row(endpoint: Endpoint) -> str:
    taken = ", ".join(_taken(field) for field in endpoint.fields) or "nothing"
    answered = ", ".join(_answered(field) for field in endpoint.answer) or "the envelope only"
    return f"| `{endpoint.path}` | {endpoint.does} | {taken} | {answered} |"


def _taken(field: Field) -> str:
    mark = "**" if field.needed("sim") else "*" if field.needed("live") else ""
    return f"{mark}`{field.name}`{mark}{_only(field)}"


def _answered(field: Field) -> str:
    return f"`{field.name}`{_only(field)}"


def _only(field: Field) -> str:
    return f" ({field.only})" if field.only else ""


def filled(page: str) -> str:
    """A page with its tables made anew."""
    for name, table in (("endpoints", endpoints()), ("fields", fields()), ("results", results())):
        page = re.sub(rf"(<!-- {name} -->\n).*?(\n<!-- end -->)", lambda m, t=table: m[1] + t + m[2], page, flags=re.S)
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
