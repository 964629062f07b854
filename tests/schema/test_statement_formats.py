"""Statement formats in GraphQL: what can be read, and what a profile may say."""

from __future__ import annotations

from typing import Any

from core.models import Role
from tests.fixtures.graph import Graph

FORMATS = """{ statementFormats {
  name title fileExtensions needsProfile provesBalances options { name description required }
} }"""


async def test_every_format_is_listed_for_everybody(graph: Graph) -> None:
    place = await graph.world.place(role=Role.VIEWER)

    found: list[dict[str, Any]] = await graph.ask(place.user, FORMATS)

    by_name = {one["name"]: one for one in found}
    assert list(by_name) == ["bai2", "camt", "csv", "json", "mt940", "ofx", "qif", "xml"]
    assert {name for name, one in by_name.items() if one["needsProfile"]} == {"csv", "json", "xml"}
    assert by_name["camt"]["options"] == []
    assert by_name["qif"]["fileExtensions"] == ["qif"]
    options = {option["name"]: option for option in by_name["json"]["options"]}
    assert options["fields.postedDate"]["required"]
    assert options["statement.opening.amount"]["description"] == "Path to the amount."
    assert not options["minorUnits"]["required"]
