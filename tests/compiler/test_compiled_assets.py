"""Personas, groups and assets in compiled queries: one statement, and the resolvers' answer."""

from __future__ import annotations

from typing import Final

import pytest

from tests.compiler.both_ways import ACME, GLOBEX, BothWays, Document

ASSET: Final = """
  id category name description institutionName status currency value { amount currency } valuedAt
  source createdAt updatedAt
"""
DOCUMENTS: Final = {
    "assets with all that belongs to them": f"""
      {{ assets(first: 100) {{ edges {{ cursor node {{ {ASSET}
        account {{ id name }} connection {{ id name }} group {{ id name description }}
        owners(first: 3) {{ edges {{ cursor node {{ ownershipType percentage
          persona {{ id name givenName familyName email isPrimary status kind }} }} }}
          pageInfo {{ hasNextPage endCursor }} }}
      }} }} pageInfo {{ hasNextPage startCursor endCursor }} }} }}
    """,
    "personas with their groups and assets": """
      { personas { edges { node { id name createdAt updatedAt
        groups { edges { node { name status members(first: 2) { pageInfo { hasNextPage } }
        } } }
        assets(first: 5) { edges { node { name } } pageInfo { hasNextPage } }
      } } } }
    """,
    "groups with their members and assets": f"""
      {{ personaGroups {{ edges {{ node {{ id name description status createdAt updatedAt
        members {{ edges {{ cursor node {{ name }} }} }}
        assets(first: 3) {{ edges {{ node {{ {ASSET} }} }} pageInfo {{ endCursor }} }}
      }} }} }} }}
    """,
    "assets by every filter": """
      { assets(filter: {category: [FINANCIAL_ACCOUNT, OTHER], status: [ACTIVE]}) { edges {
        node { name value { amount } } } }
        personas(filter: {kind: [PERSON], status: [ACTIVE], isPrimary: true}) { edges {
        node { name } } } }
    """,
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_one_statement_with_the_resolvers_answer(both: BothWays, name: str) -> None:
    for tenant in (ACME, GLOBEX):
        answer = both.same(tenant, Document(text=DOCUMENTS[name]))

        assert answer.errors == []
        assert len(answer.statements) == 1
        assert all(field["edges"] for field in answer.data.values())


@pytest.mark.parametrize(
    ("type_name", "table"), [("Asset", "asset"), ("Persona", "persona"), ("PersonaGroup", "group")]
)
def test_a_node_is_found_by_its_own_tenant_alone(
    both: BothWays, type_name: str, table: str
) -> None:
    text = f"query ($id: ID!) {{ node(id: $id) {{ id ... on {type_name} {{ name }} }} }}"
    document = Document(text=text, variables={"id": ACME.id_of(type_name, table, 1)})

    assert both.same(ACME, document).data["node"]["name"]
    assert both.same(GLOBEX, document).data == {"node": None}


def test_values_are_of_accounts_and_of_what_somebody_said(both: BothWays) -> None:
    text = "{ assets(first: 100) { edges { node { account { id } value { amount } } } } }"

    nodes = [edge["node"] for edge in both.same(ACME, Document(text=text)).data["assets"]["edges"]]

    kinds = {(node["account"] is None, node["value"] is None) for node in nodes}
    assert kinds == {(True, True), (True, False), (False, True), (False, False)}
