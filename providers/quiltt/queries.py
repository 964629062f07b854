"""What is asked of Quiltt's GraphQL API.

The schema differs between environments: names of providers stand in it only where they are enabled.
What is only of Plaid is a fragment that is asked for connections of Plaid alone.
"""

from __future__ import annotations

from typing import Final

PAGE: Final = 100  # Quiltt gives no more at a time, and cuts larger wishes without a word

_ACCOUNTS: Final = "id institution { id name } accounts { id name kind mask currencyCode taxonomy }"
_SECURITY: Final = "security { name tickerSymbol isin cusip }"
_PLAID: Final = (
    "remoteData { plaid { transaction { response { transactionId pendingTransactionId } } } }"
)

CONNECTION: Final = """
query Connection($connection: ID!, $balances: Boolean!) {
  connection(id: $connection) {
    id status provider features institution { id name }
    accounts {
      id name kind mask state currencyCode taxonomy transactedFirstOn
      balance @include(if: $balances) { id at available current limit source }
    }
  }
}"""

# Each page names the accounts of which it speaks, so that it can be read without the others.
_TRANSACTIONS: Final = """
query Transactions($connection: ID!, $filter: TransactionFilter!, $after: String) {
  connection(id: $connection) { %(accounts)s }
  transactions(first: %(page)d, after: $after, sort: DATE_ASC, filter: $filter) {
    count
    pageInfo { hasNextPage endCursor }
    nodes {
      id date amount currencyCode description entryType status kind provider account { id }
      fees price quantity %(security)s %(remote)s
    }
  }
}"""

HOLDINGS: Final = f"""
query Holdings($connection: ID!, $account: ID!, $after: String) {{
  connection(id: $connection) {{ {_ACCOUNTS} }}
  account(id: $account) {{
    id balance {{ at }}
    holdings(first: {PAGE}, after: $after) {{
      pageInfo {{ hasNextPage hasPreviousPage endCursor }}
      nodes {{ id at quantity price value {_SECURITY} }}
    }}
  }}
}}"""

DISCONNECT: Final = """
mutation Disconnect($connection: ID!) {
  connectionDisconnect(input: { id: $connection }) {
    success
    record { id status }
    errors { message }
  }
}"""


def transactions(*, of_plaid: bool) -> str:
    """The query for transactions; of Plaid's with what Plaid calls them."""
    return _TRANSACTIONS % {
        "accounts": _ACCOUNTS,
        "page": PAGE,
        "security": _SECURITY,
        "remote": _PLAID if of_plaid else "",
    }
