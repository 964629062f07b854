"""Lists of rules, categories, their mappings and profiles, by what they say and by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schema.ids import encode
from tests.compiler.both_ways import ACME, GLOBEX, BothWays, Document
from tests.compiler.rows import Tenant

TABLES = {
    "categoryRules": "category_rules",
    "categories": "categories",
    "categoryMappings": "category_mappings",
    "statementProfiles": "statement_profiles",
}
KINDS = {
    "categoryRules": "CategoryRuleFilter",
    "categories": "TenantCategoryFilter",
    "categoryMappings": "CategoryMappingFilter",
    "statementProfiles": "StatementProfileFilter",
}
NAMES = {**dict.fromkeys(TABLES, "name"), "categoryMappings": "provider_category"}
EVERY = 100
ASKED: list[tuple[str, dict[str, Any], Callable[[Any], bool]]] = [
    ("categoryRules", {"enabled": True}, lambda row: row["enabled"]),
    ("categoryRules", {"enabled": False}, lambda row: not row["enabled"]),
    ("categoryRules", {"category": ["TRAVEL"]}, lambda row: row["category"] == "TRAVEL"),
    ("categoryRules", {"category": []}, lambda _: False),
    ("categoryRules", {"category": None, "enabled": None, "text": None}, lambda _: True),
    (
        "categoryRules",
        {"enabled": True, "category": ["gone", "Own words"]},
        lambda row: row["enabled"] and row["category"] in ("gone", "Own words"),
    ),
    ("categories", {"code": ["TRAVEL"]}, lambda row: row["code"].startswith("TRAVEL")),
    ("categories", {"code": ["TRAVEL_FLIGHTS"]}, lambda row: row["code"] == "TRAVEL_FLIGHTS"),
    ("categories", {"code": ["NOWHERE", "TRAVEL_LODGING"]}, lambda _: False),
    ("categories", {"text": "oWN w"}, lambda row: row["name"] == "Own words"),
    ("categoryMappings", {"category": ["gone"]}, lambda row: row["category"] == "gone"),
    ("statementProfiles", {"format": ["csv"]}, lambda row: row["format"] == "csv"),
    ("statementProfiles", {"format": ["qif", "xml"]}, lambda row: row["format"] in ("qif", "xml")),
]


def _found(both: BothWays, tenant: Tenant, field: str, wanted: dict[str, Any]) -> set[str]:
    text = (
        f"query ($filter: {KINDS[field]}, $first: Int)"
        f" {{ {field}(first: $first, filter: $filter) {{ edges {{ node {{ id }} }} }} }}"
    )
    document = Document(text=text, variables={"filter": wanted, "first": EVERY})
    answer = both.same(tenant, document)
    assert len(answer.statements) == 1  # it is compiled
    return {edge["node"]["id"] for edge in answer.data[field]["edges"]}


def _expected(both: BothWays, tenant: Tenant, field: str, holds: Callable[[Any], bool]) -> set[str]:
    kinds = {"categories": "TenantCategory", "categoryMappings": "CategoryMapping"}
    kind = kinds.get(field, f"{field[0].upper()}{field[1:-1]}")
    rows = both.query(f"select * from app.{TABLES[field]} where tenant_id = $1", tenant.id)
    assert rows
    return {str(encode(kind, row["id"])) for row in rows if holds(row)}


@pytest.mark.parametrize("tenant", [ACME, GLOBEX], ids=["acme", "globex"])
def test_each_filter_finds_the_tenants_rows_for_which_it_holds(
    both: BothWays, tenant: Tenant
) -> None:
    for field, wanted, holds in ASKED:
        expected = _expected(both, tenant, field, holds)

        assert _found(both, tenant, field, wanted) == expected, (field, wanted)


@pytest.mark.parametrize("field", TABLES)
def test_a_text_is_looked_for_to_the_letter_but_for_its_case(both: BothWays, field: str) -> None:
    column = NAMES[field]
    rows = both.query(f"select * from app.{TABLES[field]} where tenant_id = $1", ACME.id)
    for text in {"%", "_", "\\", *(row[column][:20].swapcase() for row in rows)} - {""}:
        if not text.strip():
            continue

        def holds(row: Any, text: str = text) -> bool:
            return text.lower() in row[column].lower()

        assert _found(both, ACME, field, {"text": text}) == _expected(both, ACME, field, holds)


@pytest.mark.parametrize("wanted", [{"text": " "}, {"text": "a" * 201}, {"text": "a\x00"}])
@pytest.mark.parametrize("field", TABLES)
def test_a_text_out_of_bounds_is_refused(
    both: BothWays, field: str, wanted: dict[str, Any]
) -> None:
    text = f"query ($f: {KINDS[field]}) {{ {field}(filter: $f) {{ edges {{ cursor }} }} }}"

    answer = both.same(ACME, Document(text=text, variables={"f": wanted}))

    assert [error["extensions"]["code"] for error in answer.errors] == ["BAD_INPUT"]
    assert answer.errors[0]["message"].startswith("filter.text:")


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("categoryRules", "category"),
        ("categories", "code"),
        ("categoryMappings", "category"),
        ("statementProfiles", "format"),
    ],
)
@pytest.mark.parametrize("values", [["a\x00"], ["a"] * 1_001], ids=["null", "many"])
def test_a_list_out_of_bounds_is_refused(
    both: BothWays, field: str, name: str, values: list[str]
) -> None:
    text = f"query ($f: {KINDS[field]}) {{ {field}(filter: $f) {{ edges {{ cursor }} }} }}"

    answer = both.same(ACME, Document(text=text, variables={"f": {name: values}}))

    assert [error["extensions"]["code"] for error in answer.errors] == ["BAD_INPUT"]


@pytest.mark.parametrize("tenant", [ACME, GLOBEX], ids=["acme", "globex"])
@pytest.mark.parametrize(
    ("field", "kind"), [("accounts", "Account"), ("connections", "Connection")]
)
def test_accounts_and_connections_are_found_by_their_name(
    both: BothWays, tenant: Tenant, field: str, kind: str
) -> None:
    rows = both.query(f"select id, name from app.{field} where tenant_id = $1", tenant.id)
    text = rows[0]["name"][:4].swapcase()
    asked = f"{field}(filter: {{text: $t}}) {{ edges {{ node {{ id }} }} }}"
    document = Document(text=f"query ($t: String) {{ {asked} }}", variables={"t": text})
    answer = both.same(tenant, document)

    found = {edge["node"]["id"] for edge in answer.data[field]["edges"]}
    assert found == {
        str(encode(kind, row["id"])) for row in rows if text.lower() in row["name"].lower()
    }
    assert len(answer.statements) == 1


@pytest.mark.parametrize(
    ("field", "table", "kind"),
    [
        ("ingestionJobs", "ingestion_jobs", "IngestionJob"),
        ("auditLog", "ingestion_audit_log", "AuditLog"),
    ],
)
def test_jobs_and_events_are_found_by_when_they_began(
    both: BothWays, field: str, table: str, kind: str
) -> None:
    rows = both.query(f"select id, created_at from app.{table} where tenant_id = $1", ACME.id)
    times = sorted({row["created_at"] for row in rows})
    first, last = times[len(times) // 4], times[-1 - len(times) // 4]
    document = (
        f"query ($from: DateTime, $to: DateTime) {{ {field}("
        "first: 100, filter: {createdFrom: $from, createdTo: $to}) { edges { node { id } } } }"
    )
    given = {"from": first.isoformat(), "to": last.isoformat()}

    answer = both.same(ACME, Document(text=document, variables=given))

    found = {edge["node"]["id"] for edge in answer.data[field]["edges"]}
    expected = {str(encode(kind, row["id"])) for row in rows if first <= row["created_at"] <= last}
    assert found == expected if len(expected) < EVERY else found <= expected


@pytest.mark.parametrize(
    ("field", "column", "names", "scalar"),
    [
        ("statements", "to_date", ("endsFrom", "endsTo"), "Date"),
        (
            "reconciliations",
            "created_at",
            ("createdFrom", "createdTo"),
            "DateTime",
        ),
    ],
)
def test_statements_and_reconciliations_are_found_by_their_time(
    both: BothWays, field: str, column: str, names: tuple[str, str], scalar: str
) -> None:
    rows = both.query(f"select id, {column} as at from app.{field} where tenant_id = $1", ACME.id)
    times = sorted({row["at"] for row in rows if row["at"] is not None})
    first, last = times[len(times) // 4], times[-1 - len(times) // 4]
    document = (
        f"query ($from: {scalar}, $to: {scalar}) {{ {field}(first: 100, filter: "
        f"{{{names[0]}: $from, {names[1]}: $to}}) {{ edges {{ node {{ id }} }} }} }}"
    )
    given = {"from": first.isoformat(), "to": last.isoformat()}

    answer = both.same(ACME, Document(text=document, variables=given))

    found = {edge["node"]["id"] for edge in answer.data[field]["edges"]}
    assert found == {
        str(encode(field[:-1].title(), row["id"]))
        for row in rows
        if row["at"] is not None and first <= row["at"] <= last
    }
    assert len(answer.statements) == 1


def test_expenses_are_found_by_their_account(both: BothWays) -> None:
    rows = both.query(
        "select e.id, t.account_id from app.expenses as e join app.transactions as t"
        " on t.tenant_id = e.tenant_id and t.id = e.transaction_id where e.tenant_id = $1",
        ACME.id,
    )
    account_id = rows[0]["account_id"]
    document = (
        "query ($account: ID) { expenses(first: 100, filter: {accountId: $account})"
        " { edges { node { id } } } }"
    )
    given = {"account": str(encode("Account", account_id))}

    answer = both.same(ACME, Document(text=document, variables=given))
    foreign = both.same(GLOBEX, Document(text=document, variables=given))

    found = {edge["node"]["id"] for edge in answer.data["expenses"]["edges"]}
    assert found == {
        str(encode("Expense", row["id"])) for row in rows if row["account_id"] == account_id
    }
    assert foreign.data["expenses"]["edges"] == []
    assert len(answer.statements) == 1
