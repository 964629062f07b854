"""Random documents have one answer, whichever way they take.

`COMPILER_EXAMPLES=20000 pytest tests/compiler/test_random_documents.py` tries more of them, and
others each time.
"""

from __future__ import annotations

import copy
import gc
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest
import strawberry
from graphql import GraphQLError, GraphQLObjectType
from hypothesis import HealthCheck, Phase, given, settings

from api.documents import Rejected
from api.operations import Prepared
from core.errors import BankfeedsError
from db.transactions import LISTING as TRANSACTIONS
from schema.build import schema
from schema.columns import METADATA_KEY as COLUMN
from schema.columns import Column
from schema.query import Query
from schema.reads import METADATA_KEY as READS
from schema.reads import Many
from schema.transaction_filter import asked_transactions
from tests.compiler.both_ways import ACME, GLOBEX, Answer, BothWays, Document
from tests.compiler.documents import documents
from tests.compiler.foreign import Foreign
from tests.compiler.foreign import gathered as foreign_gathered
from tests.compiler.material import Material, gathered
from tests.compiler.rows import Tenant

_EXAMPLES: Final = int(os.environ.get("COMPILER_EXAMPLES", "300"))
_DEFINITION: Final = "strawberry-definition"  # where Strawberry leaves its own field
# Among all fields of a growing schema a wrong one would hardly be drawn.
PLANTED_BELOW: Final = frozenset({"account", "accounts", "transaction", "transactions"})
bounded = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    database=None,
    derandomize="COMPILER_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
# What is planted is drawn sooner or later: a search ends with the first, so many cost little.
unshrunk = settings(
    bounded, max_examples=5 * _EXAMPLES, phases=[Phase.generate], report_multiple_bugs=False
)


# graphql-core leaves coroutines behind where a directive is given null.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    *([pytest.mark.timeout(0)] if "COMPILER_EXAMPLES" in os.environ else []),
]


@pytest.fixture(autouse=True)
def _left_behind() -> Iterator[None]:
    """Collects them here, where the warnings are expected."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def material(both: BothWays) -> Material:
    """What the documents are made of."""
    return gathered(both, schema._schema)


@pytest.fixture(scope="module")
def foreign(both: BothWays) -> Foreign:
    """What neither tenant may be told of the other."""
    return foreign_gathered(both)


def test_random_documents_have_the_same_answer_both_ways_and_nothing_of_another_tenant(
    both: BothWays, material: Material, foreign: Foreign
) -> None:
    found: Counter[str] = Counter()

    @bounded
    @given(document=documents(schema._schema, material))
    def holds(document: Document) -> None:
        found[_kind(both, document)] += 1
        for tenant in (ACME, GLOBEX):
            answer = _holds(both, document, tenant)
            assert answer is None or not foreign.told(tenant, document, answer), document

    holds()

    answered = found.total() - found["rejected"]
    assert found["complete"] >= 0.6 * answered, found
    assert found["mixed"] >= 0.02 * answered, found
    assert found["rejected"] <= 0.1 * answered, found


@pytest.mark.parametrize(
    "told",
    [
        "of GLOBEX",
        str(GLOBEX.key("transaction", 7)),
        GLOBEX.id_of("Account", "account", 1),
    ],
)
def test_what_is_told_of_another_tenant_is_found(
    both: BothWays, foreign: Foreign, told: str
) -> None:
    document = Document(text="{ accounts(first: 1) { edges { node { id name } } } }")
    planted = both.of(_planted("Account", "name", _column(f"left(a.name, 0) || '{told}'")))

    assert not foreign.told(ACME, document, both.compiled(ACME, document))
    assert foreign.told(ACME, document, planted.compiled(ACME, document)) == [told]
    assert not foreign.told(GLOBEX, document, planted.compiled(GLOBEX, document))


def _column(sql: str, currency: str | None = None) -> dict[str, Any]:
    return {COLUMN: Column(sql=sql, currency=currency)}


@pytest.mark.parametrize(
    ("type_name", "field", "metadata"),
    [
        ("Account", "name", _column("a.name || ' '")),
        ("Transaction", "createdAt", _column("t.created_at + interval '1 second'")),
        (
            "Account",
            "transactions",
            {READS: Many(listing=TRANSACTIONS, parent="a.id", asked=asked_transactions)},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sql_that_says_something_else_is_found(
    both: BothWays, material: Material, type_name: str, field: str, metadata: dict[str, Any]
) -> None:
    planted = both.of(_planted(type_name, field, metadata))

    @unshrunk
    @given(document=documents(schema._schema, material, roots=PLANTED_BELOW))
    def holds(document: Document) -> None:
        _holds(planted, document, ACME)

    with pytest.raises(AssertionError, match="acme: "):
        holds()


@pytest.mark.parametrize(
    ("field", "metadata"),
    [
        ("amount", _column("t.amount + 0.0", "t.currency")),
        ("postedDate", _column("t.sort_date")),
        ("merchantName", _column("coalesce(t.merchant_name, '')")),
        ("createdAt", _column("date_trunc('milliseconds', t.created_at)")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_that_is_written_otherwise_is_found(
    both: BothWays, field: str, metadata: dict[str, Any]
) -> None:
    planted = both.of(_planted("Transaction", field, metadata))
    node = "amount { amount } postedDate merchantName createdAt"

    with pytest.raises(AssertionError, match="acme: "):
        planted.same(
            ACME,
            Document(text=f"{{ transactions(first: 100) {{ edges {{ node {{ {node} }} }} }} }}"),
        )


def _planted(type_name: str, name: str, metadata: dict[str, Any]) -> strawberry.Schema:
    """A schema in which one field declares another SQL."""
    altered = strawberry.Schema(query=Query, config=schema.config)
    type_ = altered._schema.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    field = type_.fields[name]
    definition = copy.copy(field.extensions[_DEFINITION])
    definition.metadata = metadata
    field.extensions = {**field.extensions, _DEFINITION: definition}
    return altered


def _holds(both: BothWays, document: Document, tenant: Tenant) -> Answer | None:
    """Both answers are equal, and that of a complete plan takes one statement; None: refused."""
    try:
        prepared = both.prepared(document)
    except Rejected:
        return None

    answer = both.same(tenant, document)

    assert not any(error["extensions"]["code"] == "INTERNAL" for error in answer.errors), document
    if prepared.plan is not None and prepared.plan.complete and _binds(prepared):
        assert len(answer.statements) == 1, (document, answer.statements)
    return answer


def _kind(both: BothWays, document: Document) -> str:
    try:
        plan = both.prepared(document).plan
    except Rejected:
        return "rejected"
    if plan is None:
        return "resolved"
    return "complete" if plan.complete else "mixed"


def _binds(prepared: Prepared) -> bool:
    """Whether the plan takes the arguments, and the database the values that they become."""
    assert prepared.plan is not None
    try:
        _, values = prepared.plan.statement(ACME.id, prepared.variables)
    except (BankfeedsError, GraphQLError):
        return False
    return all(abs(value) < 2**63 for value in values if isinstance(value, int))
