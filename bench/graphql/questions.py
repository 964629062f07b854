"""The five questions, as our schema and as PostGraphile's takes them, and who asks what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from bench.graphql.cluster import ACCOUNTS_EACH, Size, key
from schema.ids import encode

Variables = Mapping[str, object]

SAMPLES: Final = 2_000
WORDS: Final = ("coffee", "market", "transit", "hotel", "books", "fuel", "bakery", "print")
NEWEST: Final = date(2026, 10, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one request asks about: a tenant (its one user asks), and something of its."""

    tenant: int
    account: int
    day_from: date
    day_to: date
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One read; `goal` is the least share of PostGraphile's requests a second, `floor` of
    pgbench's."""

    name: str
    what: str
    ours: str
    ours_variables: Callable[[Sample], Variables]
    peer: str
    peer_variables: Callable[[Sample], Variables]
    goal: float
    floor: float | None = None


def samples(size: Size) -> list[Sample]:
    """The same ones in each run, spread evenly over tenants and accounts."""
    random = Random(7)
    found = []
    for _ in range(SAMPLES):
        tenant = random.randint(1, size.tenants)
        day_to = NEWEST - timedelta(days=random.randint(0, 700))
        found.append(
            Sample(
                tenant=tenant,
                account=(tenant - 1) * ACCOUNTS_EACH + random.randint(1, ACCOUNTS_EACH),
                day_from=day_to - timedelta(days=180),
                day_to=day_to,
                word=random.choice(WORDS),
            )
        )
    return found


_OURS_FIELDS: Final = (
    "id amount { amount currency } postedDate status description merchantName externalId"
)
_PEER_FIELDS: Final = (
    "id: rowId amount currency postedDate status description merchantName externalId"
)
_PEER_ORDER: Final = "orderBy: [SORT_DATE_DESC, ROW_ID_DESC]"


def _our_account(sample: Sample) -> Variables:
    return {"id": encode("Account", key("account", sample.account))}


def _peer_account(sample: Sample) -> Variables:
    return {**_peer_tenant(sample), "id": str(key("account", sample.account))}


def _peer_tenant(sample: Sample) -> Variables:
    return {"tenant": str(key("tenant", sample.tenant))}


def _nothing(_: Sample) -> Variables:
    return {}


def _days(sample: Sample) -> Variables:
    return {"from": sample.day_from.isoformat(), "to": sample.day_to.isoformat()}


def _year(sample: Sample) -> Variables:
    day_from = sample.day_to - timedelta(days=365)
    return {"from": day_from.isoformat(), "to": sample.day_to.isoformat()}


def _search(sample: Sample) -> Variables:
    return {**_days(sample), "least": "-60", "most": "-5", "text": sample.word}


QUESTIONS: Final[Sequence[Question]] = (
    Question(
        name="Q1",
        what="an account's page of 50 transactions, 8 fields",
        ours=f"""query Page($id: ID!) {{
  account(id: $id) {{
    transactions(first: 50) {{
      edges {{ node {{ {_OURS_FIELDS} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}""",
        ours_variables=_our_account,
        peer=f"""query Page($tenant: UUID!, $id: UUID!) {{
  account: accountByTenantIdAndRowId(tenantId: $tenant, rowId: $id) {{
    transactions(first: 50, {_PEER_ORDER}) {{
      edges {{ node {{ {_PEER_FIELDS} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}""",
        peer_variables=_peer_account,
        goal=3,
        floor=0.45,
    ),
    Question(
        name="Q2",
        what="20 accounts, each with its first 5 transactions",
        ours="""query Accounts {
  accounts(first: 20) {
    edges {
      node {
        id name currency
        transactions(first: 5) {
          edges { node { id amount { amount currency } postedDate description } }
        }
      }
    }
  }
}""",
        ours_variables=_nothing,
        peer=f"""query Accounts($tenant: UUID!) {{
  accounts: allAccounts(
    first: 20, condition: {{ tenantId: $tenant }}, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]
  ) {{
    edges {{
      node {{
        id: rowId name currency
        transactions(first: 5, {_PEER_ORDER}) {{
          edges {{ node {{ id: rowId amount currency postedDate description }} }}
        }}
      }}
    }}
  }}
}}""",
        peer_variables=_peer_tenant,
        goal=2.5,
        floor=0.60,
    ),
    Question(
        name="Q3",
        what="one account by id, 6 fields",
        ours="""query Account($id: ID!) {
  account(id: $id) { id name type currency maskedNumber status }
}""",
        ours_variables=_our_account,
        peer="""query Account($tenant: UUID!, $id: UUID!) {
  account: accountByTenantIdAndRowId(tenantId: $tenant, rowId: $id) {
    id: rowId name type currency maskedNumber status
  }
}""",
        peer_variables=_peer_account,
        goal=2,
    ),
    Question(
        name="Q4",
        what="a page of 50 by days, amounts and text",
        ours=f"""query Search(
  $from: Date!, $to: Date!, $least: Decimal!, $most: Decimal!, $text: String!
) {{
  transactions(
    first: 50
    filter: {{
      postedFrom: $from, postedTo: $to, amountFrom: $least, amountTo: $most, text: $text
    }}
  ) {{
    edges {{ node {{ {_OURS_FIELDS} }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
        ours_variables=_search,
        peer=f"""query Search(
  $tenant: UUID!, $from: Date!, $to: Date!, $least: BigFloat!, $most: BigFloat!, $text: String!
) {{
  transactions: allTransactions(
    first: 50
    condition: {{ tenantId: $tenant }}
    filter: {{
      sortDate: {{ greaterThanOrEqualTo: $from, lessThanOrEqualTo: $to }}
      amount: {{ greaterThanOrEqualTo: $least, lessThanOrEqualTo: $most }}
      or: [
        {{ description: {{ includesInsensitive: $text }} }}
        {{ merchantName: {{ includesInsensitive: $text }} }}
        {{ reference: {{ includesInsensitive: $text }} }}
        {{ customerReference: {{ includesInsensitive: $text }} }}
      ]
    }}
    {_PEER_ORDER}
  ) {{
    edges {{ node {{ {_PEER_FIELDS} }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
        peer_variables=lambda sample: {**_peer_tenant(sample), **_search(sample)},
        goal=2,
    ),
    Question(
        name="Q5",
        what="counts and sums of a year of one tenant, by month and currency",
        ours="""query Summary($from: Date!, $to: Date!) {
  transactionSummary(groupBy: [MONTH], filter: { postedFrom: $from, postedTo: $to }) {
    month currency count net { amount }
  }
}""",
        ours_variables=_year,
        peer="""query Summary($tenant: UUID!, $from: Date!, $to: Date!) {
  transactions: allTransactions(
    condition: { tenantId: $tenant }
    filter: { sortDate: { greaterThanOrEqualTo: $from, lessThanOrEqualTo: $to } }
  ) {
    groupedAggregates(groupBy: [SORT_DATE_TRUNCATED_TO_MONTH, CURRENCY]) {
      keys count { amount } sum { amount }
    }
  }
}""",
        peer_variables=lambda sample: {**_peer_tenant(sample), **_year(sample)},
        goal=2,
    ),
)
