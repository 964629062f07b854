"""Exports: all that GraphQL shows for a filter, as CSV and NDJSON, and nothing of anybody else."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from api.export_request import _FILTER
from db.exports import COLUMNS, PAGE_ROWS
from schema.build import schema
from schema.ids import encode
from tests.fixtures.api_server import Api
from tests.fixtures.exporting import PATH, cells, exported, filled, ids, keys, objects
from tests.fixtures.world import Place, World

STATEMENT = b"""\
Date,Amount,Text,Merchant,Reference
2026-03-01,-1.00,50% off_all,Shop,A-1
2026-03-02,-1.01,"Quote "" and, comma",Cafe,=1+1
2026-03-03,-0.999,Coffee,Cafe,
2026-03-04,250.00,Salary,,+49
2026-03-05,99999999999999.99,Everything,,'quoted
"""
NAMES = [name for name, _, _ in COLUMNS]
MONEY = "-12.50"
WIDE_EQUALS = "\uff1d"

_PAGES = """
query ($filter: TransactionFilter, $after: String) {
  transactions(first: 2, after: $after, orderBy: POSTED_DATE_ASC, filter: $filter) {
    edges {
      node {
        id externalId status postedDate transactionDate valueDate description descriptionRaw
        merchantName reference customerReference typeCode reconciliation createdAt updatedAt
        amount { amount currency } runningBalance { amount } category { name }
        account { id name } connection { id } source { line rawDocument { id } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
FILTERS: list[dict[str, Any]] = [
    {},
    {"postedFrom": "2026-03-02", "postedTo": "2026-03-04"},
    {"amountFrom": "-1.00", "amountTo": "-0.999"},
    {"text": "cafe"},
    {"status": ["POSTED", "PENDING"], "reconciled": False},
    {"status": ["REMOVED"]},
    {"reconciled": True},
    {"duplicates": "INCLUDE"},
    {"duplicates": "ONLY"},
    {"category": ["Food", "Fun"], "currency": "EUR"},
    {"currency": "USD"},
    {"merchantName": "Cafe"},
]


@pytest.fixture
async def place(world: World) -> Place:
    place = await world.place(currency="EUR")
    job = await world.take_in(place, STATEMENT)
    assert job["imported"] == 5
    return place


async def _pages(api: Api, place: Place, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """What GraphQL shows, page by page."""
    nodes, after = [], None
    while True:
        data = await api.ask(place.user_id, _PAGES, filter=wanted, after=after)
        nodes += [edge["node"] for edge in data["transactions"]["edges"]]
        if not data["transactions"]["pageInfo"]["hasNextPage"]:
            return nodes
        after = data["transactions"]["pageInfo"]["endCursor"]


def _as_exported(node: dict[str, Any]) -> dict[str, Any]:
    """A transaction of GraphQL as an export has it, without the day that lists go by."""
    own = {name: node[name] for name in NAMES if name in node}
    return own | {
        "accountId": node["account"]["id"],
        "accountName": node["account"]["name"],
        "connectionId": node["connection"]["id"],
        "amount": node["amount"]["amount"],
        "currency": node["amount"]["currency"],
        "category": node["category"] and node["category"]["name"],
        "runningBalance": node["runningBalance"] and node["runningBalance"]["amount"],
        "reconciled": node["reconciliation"] == "RECONCILED",
        "rawDocumentId": node["source"]["rawDocument"]["id"],
        "line": node["source"]["line"],
    }


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
async def test_an_export_has_what_graphql_shows(
    api: Api, world: World, place: Place, wanted: dict[str, Any]
) -> None:
    await filled(world, rows=3)  # somebody else's
    await world.owner.execute(
        "update app.transactions"
        " set reconciled = true, reconciled_at = now(), source_category = 'Food'"
        " where description = 'Coffee'"
    )
    shown = [_as_exported(node) for node in await _pages(api, place, wanted)]

    response = await exported(api, place, format="ndjson", **wanted)

    rows = objects(response.content)
    assert [{name: row[name] for name in row if name != "sortDate"} for row in rows] == shown
    assert all(list(row) == NAMES and row["sortDate"] == row["postedDate"] for row in rows)


async def test_csv_says_the_same_as_ndjson(api: Api, place: Place) -> None:
    as_json = objects((await exported(api, place, format="ndjson")).content)

    response = await exported(api, place, format="csv", safe="false")

    rows = cells(response.content)
    assert response.content.count(b"\r\n") == 6
    assert response.content.splitlines()[0].decode() == ",".join(NAMES)
    assert rows == [{name: _cell(value) for name, value in row.items()} for row in as_json]


def _cell(value: Any) -> str:
    return {None: "", True: "true", False: "false"}.get(value, str(value))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "'x",
        "''",
        WIDE_EQUALS + "1",
        'a"b',
        "a,b\r\nc",
        "",
    ],
)
async def test_a_text_is_no_formula_and_comes_back_exactly(
    api: Api, world: World, place: Place, text: str
) -> None:
    await world.owner.execute("update app.transactions set description_raw = $1", text)

    safe = cells((await exported(api, place)).content)
    plain = cells((await exported(api, place, safe="false")).content)

    assert {row["descriptionRaw"].removeprefix("'") for row in safe if text} <= {text, text[1:]}
    assert {_restored(row["descriptionRaw"]) for row in safe} == {text}
    assert {row["descriptionRaw"] for row in plain} == {text}
    assert not {row["descriptionRaw"][:1] for row in safe} & set("=+-@\t\r\n" + WIDE_EQUALS)


def _restored(cell: str) -> str:
    """As the documentation tells readers to do."""
    return cell.removeprefix("'")


async def test_money_is_never_touched(api: Api, world: World, place: Place) -> None:
    await world.owner.execute(
        "update app.transactions"
        " set amount = $1::text::numeric, running_balance = $1::text::numeric",
        MONEY,
    )

    rows = cells((await exported(api, place)).content)

    assert {(row["amount"], row["runningBalance"]) for row in rows} == {(MONEY, MONEY)}


@pytest.mark.parametrize("rows", [1, PAGE_ROWS - 1, PAGE_ROWS, PAGE_ROWS + 1, 2 * PAGE_ROWS])
async def test_each_row_is_there_once_whatever_their_number(
    api: Api, world: World, rows: int
) -> None:
    place = await filled(world, rows=rows)

    response = await exported(api, place, format="ndjson")

    assert keys(objects(response.content)) == await ids(world, place)


async def test_no_rows_are_a_line_of_names_and_an_empty_file(api: Api, world: World) -> None:
    place = await world.place()

    as_csv = await exported(api, place, format="csv")
    as_json = await exported(api, place, format="ndjson")

    assert as_csv.content.decode() == ",".join(NAMES) + "\r\n"
    assert as_json.content == b""


async def test_accounts_and_connections_of_nobody_have_no_rows(api: Api, place: Place) -> None:
    nobody = UUID(int=1)
    asked = {
        "accountIds": encode("Account", nobody),
        "connectionId": encode("Connection", nobody),
        "jobId": encode("IngestionJob", nobody),
    }

    answers = [
        await exported(api, place, format="ndjson", **{name: value})
        for name, value in asked.items()
    ]

    assert [(one.status_code, one.content) for one in answers] == [(200, b"")] * 3


async def test_the_ids_of_the_rows_are_filters(api: Api, place: Place) -> None:
    (row, *_) = objects((await exported(api, place, format="ndjson")).content)
    account, connection = row["accountId"], row["connectionId"]

    response = await exported(
        api,
        place,
        format="ndjson",
        connectionId=connection,
        accountIds=[account, encode("Account", UUID(int=1))],
    )

    assert len(objects(response.content)) == 5


async def test_an_export_goes_on_after_a_row(api: Api, world: World) -> None:
    place = await filled(world, rows=PAGE_ROWS + 10)
    whole = await exported(api, place, format="csv")
    lines = whole.content.splitlines(keepends=True)
    last = cells(b"".join(lines[:1001]))[-1]

    rest = await exported(
        api,
        place,
        format="csv",
        after=f"{last['sortDate']},{last['id']}",
        asOf=whole.headers["x-export-as-of"],
    )

    assert b"".join(lines[:1001]) + rest.content == whole.content
    assert "header=absent" in rest.headers["content-type"]


async def test_rows_written_after_its_instant_are_left_out(
    api: Api, world: World, place: Place
) -> None:
    before = await exported(api, place, format="ndjson")
    await world.take_in(place, b"Date,Amount,Text\n2026-04-01,-1.00,Later\n")

    again = await exported(api, place, format="ndjson", asOf=before.headers["x-export-as-of"])

    assert again.content == before.content
    assert len(objects((await exported(api, place, format="ndjson")).content)) == 6


async def test_every_field_of_the_filter_is_a_parameter() -> None:
    fields = schema._schema.type_map["TransactionFilter"].fields  # type: ignore[attr-defined]

    assert set(_FILTER) == set(fields)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colour", "red"),
        ("format", "xlsx"),
        ("safe", "yes"),
        ("accountIds", "nonsense"),
        ("accountIds", encode("Connection", UUID(int=1))),
        ("connectionId", ""),
        ("jobId", "🂡"),
        ("postedFrom", "01.03.2026"),
        ("postedTo", "2026-02-30"),
        ("amountFrom", "1e5"),
        ("amountTo", "NaN"),
        ("status", "posted"),
        ("currency", "euro"),
        ("text", "x"),
        ("text", "x" * 5_000),
        ("text", "a\x00b"),
        ("reconciled", "1"),
        ("after", "2026-03-01"),
        ("after", "2026-03-01,nonsense"),
        ("asOf", "yesterday"),
        ("asOf", "0001-01-01T00:00:00+14:00"),
        ("asOf", "2999-01-01T00:00:00Z"),
        ("postedFrom", ["2026-01-01", "2026-01-02"]),
    ],
)
async def test_a_wrong_parameter_is_named(
    api: Api, place: Place, name: str, value: str | list[str]
) -> None:
    response = await exported(api, place, **{name: value})

    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert name in error["message"]


async def test_bytes_that_are_no_text_are_refused(api: Api, place: Place) -> None:
    headers = api.headers(place.user_id)

    broken = await api.http.get(f"{PATH}?text=%ff%fe", headers=headers)
    endless = await api.http.get(f"{PATH}?{'a&' * 3_000}", headers=headers)

    assert (broken.status_code, endless.status_code) == (400, 400)


async def test_who_may_not_is_told_as_graphql_tells(api: Api, world: World, place: Place) -> None:
    other = await world.place()
    stranger = await filled(world, rows=1)
    await world.owner.execute("delete from app.tenant_members where user_id = $1", stranger.user_id)
    foreign = {"x-tenant": str(other.tenant_id)}
    asked = [{}, {"authorization": "Bearer x"}, api.headers(place.user_id, **foreign)]

    for headers in asked:
        export = await api.http.get(PATH, headers=headers)
        operation = await api.http.post("/graphql", json={"query": "{a}"}, headers=headers)
        assert export.status_code == operation.status_code
        assert _told(export) == _told(operation)
    without_tenant = await exported(api, stranger)
    assert (without_tenant.status_code, _told(without_tenant)[0]) == (403, "FORBIDDEN")


def _told(response: Any) -> tuple[str, str]:
    (error,) = response.json()["errors"]
    return error["extensions"]["code"], error["message"]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/html, application/x-ndjson;q=0.9", "application/x-ndjson"),
        ("*/*", "text/csv; charset=utf-8; header=present"),
    ],
)
async def test_the_client_chooses_by_accept(
    api: Api, place: Place, accept: str, media: str
) -> None:
    headers = {**api.headers(place.user_id), "accept": accept}

    response = await api.http.get(PATH, headers=headers)

    assert response.headers["content-type"] == media
    ending = "csv" if "csv" in media else "ndjson"
    name = response.headers["content-disposition"].partition("filename=")[2]
    assert name.startswith('"transactions-2')
    assert name.endswith(f'Z.{ending}"')


async def test_what_is_no_export_is_refused(api: Api, place: Place) -> None:
    headers = api.headers(place.user_id)

    html = await api.http.get(PATH, headers={**headers, "accept": "text/html"})
    post = await api.http.post(PATH, headers=headers)
    head = await api.http.head(PATH, headers=headers)
    safe_json = await exported(api, place, format="ndjson", safe="true")

    assert [one.status_code for one in (html, post, head, safe_json)] == [406, 405, 405, 400]


async def test_a_protocol_that_cannot_tell_a_part_from_the_whole_is_refused(
    api: Api, place: Place
) -> None:
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    token = api.token(place.user_id)
    writer.write(f"GET {PATH} HTTP/1.0\r\nauthorization: Bearer {token}\r\n\r\n".encode())
    await writer.drain()

    answer = await reader.read()
    writer.close()

    assert b" 505 " in answer.splitlines()[0]
    assert b"HTTP/1.1" in answer
