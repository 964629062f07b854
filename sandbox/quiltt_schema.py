"""The GraphQL schema of the simulated Quiltt: what its environment's providers allow to ask.

Written from what is known of the service. Left out, as nobody here asks for them: statements,
owners, merchants, logos, subscriptions and the mutations of the Connector itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final

from graphql import (
    FloatValueNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    IntValueNode,
    build_schema,
)
from graphql.language import ConstValueNode

CURRENCIES: Final = "AUD CAD CHF EUR GBP JPY KES KWD MXN NGN UGX USD ZAR"

# Exact is renamed to Float when the schema is built: JSON numbers, but never binary ones.
_TYPES: Final = """
scalar Exact
scalar Date
scalar DateTime
scalar JSON

enum AccountKind { DEPOSITORY CREDIT LOAN INVESTMENT }
enum AccountState { OPEN CLOSED }
enum AccountSort { LAST_TRANSACTED_ON_ASC LAST_TRANSACTED_ON_DESC }
enum AccountTaxonomyMember {
  ASSET LIABILITY DEPOSITORY SPENDING SAVINGS CREDIT CARD LOAN AUTO INVESTMENT
}
enum BalanceSource { INITIAL SYNC REFRESH }
enum ConnectionFeature {
  ACCOUNT_BALANCES_AND_TRANSACTIONS ACCOUNT_BALANCE_REFRESHES INVESTMENTS
}
enum ConnectionProvider { %(providers)s DISCONNECTED }
enum ConnectionStatus {
  INITIALIZING SYNCING SYNCED UPGRADING ERROR_REPAIRABLE ERROR_INSTITUTION ERROR_PROVIDER
  ERROR_SERVICE DISCONNECTING DISCONNECTED
}
enum CurrencyCode { %(currencies)s }
enum TransactionEntryType { CREDIT DEBIT }
enum TransactionStatus { PENDING POSTED PROJECTED }
enum TransactionSort { DATE_ASC DATE_DESC }

type Profile {
  id: ID! uuid: ID! email: String phone: String name: String names: ProfileName
  dateOfBirth: Date metadata: JSON
}
type ProfileName { full: String first: String last: String }
type Institution { id: ID! name: String! }

type Connection {
  id: ID! status: ConnectionStatus! provider: ConnectionProvider! institution: Institution!
  features: [ConnectionFeature!]! externallyManaged: Boolean! oauth: Boolean metadata: JSON
  accounts(filter: AccountFilter, sort: AccountSort): [Account!]!
}

type Account {
  id: ID! name: String! mask: String kind: AccountKind taxonomy: [AccountTaxonomyMember!]!
  state: AccountState! currencyCode: CurrencyCode verified: Boolean! metadata: JSON
  provider: ConnectionProvider! balance: Balance connection: Connection institution: Institution!
  transactedFirstOn: Date transactedLastOn: Date
  transactions(
    first: Int, after: String, last: Int, before: String
    filter: TransactionFilter, sort: TransactionSort
  ): TransactionConnection!
  holdings(first: Int, after: String, last: Int, before: String): HoldingConnection
}

type Balance {
  id: ID! at: DateTime! source: BalanceSource! available: Exact current: Exact limit: Exact
}

type Transaction {
  id: ID! account: Account! date: Date! amount: Exact! currencyCode: CurrencyCode!
  description: String! entryType: TransactionEntryType! status: TransactionStatus!
  kind: AccountKind! provider: ConnectionProvider metadata: JSON remoteData: TransactionRemoteData
  fees: Exact price: Exact quantity: Exact security: Security
}

type Security { name: String tickerSymbol: String isin: String cusip: String }
type Holding {
  id: ID! at: DateTime! account: Account! security: Security
  quantity: Exact price: Exact value: Exact
}

type PageInfo {
  hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String
}
type TransactionEdge { cursor: String! node: Transaction }
type TransactionConnection {
  count: Int! pageInfo: PageInfo! nodes: [Transaction] edges: [TransactionEdge]
}
type HoldingEdge { cursor: String! node: Holding }
type HoldingConnection {
  count: Int! pageInfo: PageInfo! nodes: [Holding] edges: [HoldingEdge]
}

input ConnectionFilter {
  status: [ConnectionStatus!] status_not: [ConnectionStatus!]
  provider: [ConnectionProvider!] metadata: JSON
}
input AccountFilter {
  kind: [AccountKind!] kind_not: [AccountKind!] metadata: JSON verified: Boolean
  connection_status: [ConnectionStatus!] connection_status_not: [ConnectionStatus!]
}
input TransactionFilter {
  accountIds: [ID!] entryType: TransactionEntryType status: [TransactionStatus!]
  kind: [AccountKind!] kind_not: [AccountKind!] metadata: JSON
  date: Date date_gt: Date date_gte: Date date_lt: Date date_lte: Date
  amount: Exact amount_gt: Exact amount_gte: Exact amount_lt: Exact amount_lte: Exact
  amount_abs: Exact amount_abs_gt: Exact amount_abs_gte: Exact amount_abs_lt: Exact
  amount_abs_lte: Exact
}

type Query {
  profile: Profile!
  connection(id: ID!): Connection
  connections(filter: ConnectionFilter): [Connection!]
  account(id: ID!): Account
  accounts(filter: AccountFilter, sort: AccountSort): [Account!]
  transaction(id: ID!): Transaction
  transactions(
    first: Int, after: String, last: Int, before: String
    filter: TransactionFilter, sort: TransactionSort
  ): TransactionConnection!
  holding(id: ID!): Holding
  holdings(first: Int, after: String, last: Int, before: String): HoldingConnection!
}

type Error { message: String path: [String!] }
input ConnectionDisconnectInput { id: ID! clientMutationId: String }
input ConnectionSimulateErrorInput { id: ID! clientMutationId: String }
input ConnectionUpdateInput { id: ID! metadata: JSON clientMutationId: String }
input AccountUpdateInput { id: ID! metadata: JSON clientMutationId: String }
input TransactionUpdateInput { id: ID! metadata: JSON clientMutationId: String }
input ProfileNameInput { first: String! last: String! }
input ProfileUpdateInput {
  email: String phone: String name: String names: ProfileNameInput dateOfBirth: Date
  metadata: JSON clientMutationId: String
}
"""

_MUTATIONS: Final = {
    "connectionDisconnect": ("ConnectionDisconnect", "Connection"),
    "connectionSimulateError": ("ConnectionSimulateError", "Connection"),
    "connectionUpdate": ("ConnectionUpdate", "Connection"),
    "accountUpdate": ("AccountUpdate", "Account"),
    "transactionUpdate": ("TransactionUpdate", "Transaction"),
    "profileUpdate": ("ProfileUpdate", "Profile"),
}
_TYPE_NAMES: Final = {"AKOYA": "Akoya", "FINICITY": "Finicity", "MX": "Mx"}
_TYPE_NAMES_TOLD: Final = {"MOCK": "Mock", "PLAID": "Plaid"}

# What the two providers say of a transaction, of which more than the id is simulated.
_RESPONSES: Final = """
type RemoteDataMockTransaction {
  id: String accountId: String amount: String date: String description: String status: String
  category: String isoCurrencyCode: String
}
type RemoteDataPlaidTransaction {
  transactionId: String pendingTransactionId: String accountId: String pending: Boolean
  amount: Exact date: String name: String isoCurrencyCode: String
}
"""


@cache
def schema_of(providers: frozenset[str]) -> GraphQLSchema:
    """The schema of an environment with these providers enabled."""
    names = sorted(providers)
    values = {"providers": " ".join(names), "currencies": CURRENCIES}
    built = build_schema(_TYPES % values + _RESPONSES + _remote(names) + _mutations())
    exact, day = built.type_map["Exact"], built.type_map["Date"]
    assert isinstance(exact, GraphQLScalarType)
    assert isinstance(day, GraphQLScalarType)
    exact.name = "Float"
    exact.coerce_output_value = lambda value: value
    exact.coerce_input_value, exact.coerce_input_literal = _number, _number_of_literal
    day.coerce_input_value = _day
    return GraphQLSchema(query=built.query_type, mutation=built.mutation_type)


def _remote(providers: Sequence[str]) -> str:
    """Remote data exists for enabled providers only: asking for another is an error."""
    fields, types = [], []
    for provider in providers:
        told = _TYPE_NAMES_TOLD.get(provider)
        base = f"TransactionRemoteData{told or _TYPE_NAMES[provider]}"
        response = f"response: RemoteData{told}Transaction" if told else ""
        fields.append(f"{provider.lower()}: {base}")
        types.append(
            f"type {base} {{ transaction: {base}Transaction }}\n"
            f"type {base}Transaction {{ id: String! timestamp: DateTime! {response} }}"
        )
    return f"type TransactionRemoteData {{ {' '.join(fields)} }}\n" + "\n".join(types)


def _mutations() -> str:
    payloads = "\n".join(
        f"type {name}Payload {{ success: Boolean! record: {record} errors: [Error!]"
        " clientMutationId: String }"
        for name, record in _MUTATIONS.values()
    )
    fields = " ".join(
        f"{field}(input: {name}Input!): {name}Payload" for field, (name, _) in _MUTATIONS.items()
    )
    return f"{payloads}\ntype Mutation {{ {fields} }}"


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise GraphQLError(f"Float cannot represent non numeric value: {value!r}")
    return Decimal(value)


def _number_of_literal(node: ConstValueNode) -> Decimal:
    if not isinstance(node, IntValueNode | FloatValueNode):
        raise GraphQLError("Float cannot represent a value that is no number")
    return Decimal(node.value)


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError(f"Date cannot represent {value!r}") from error
