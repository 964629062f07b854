"""The taxonomy: Plaid's names, and every other name of ours mapped onto them."""

from __future__ import annotations

from categories import brands, mcc, taxonomy
from categories.table import rows
from categories.taxonomy import Kind
from providers.plaid import categories as plaid


def test_names_are_those_that_plaid_publishes() -> None:
    ours = {each.detailed: each.primary for each in taxonomy.categories().values()}

    assert ours == dict(plaid.detailed())


def test_names_of_version_1_have_their_successor() -> None:
    assert {old: taxonomy.current(old) for old in plaid.renamed()} == dict(plaid.renamed())
    assert taxonomy.current("FOOD_AND_DRINK_COFFEE") == "FOOD_AND_DRINK_COFFEE"


def test_every_category_is_described_and_has_a_kind() -> None:
    assert all(each.description for each in taxonomy.categories().values())
    assert taxonomy.categories()["INCOME_SALARY"].kind is Kind.INCOME
    assert taxonomy.categories()["TRANSFER_OUT_SAVINGS"].kind is Kind.TRANSFER
    assert taxonomy.categories()["TRANSPORTATION_GAS"].kind is Kind.EXPENSE


def test_names_of_any_level_have_a_place() -> None:
    fuel, food = taxonomy.place("FUEL"), taxonomy.place("FOOD_AND_DRINK")

    assert fuel is not None
    assert (fuel.primary, fuel.detailed) == ("TRANSPORTATION", "TRANSPORTATION_GAS")
    assert food is not None
    assert (food.primary, food.detailed) == ("FOOD_AND_DRINK", None)
    assert taxonomy.place("OURS_ALONE") is None


def test_classes_codes_and_brands_are_mapped_onto_it() -> None:
    known = set(taxonomy.categories())

    assert len(taxonomy.classes()) == 18
    assert set(taxonomy.classes().values()) <= known
    assert {trade.detailed for trade in mcc.trades()} <= known
    assert {detailed for _, detailed, *_ in rows("kinds.tsv")} <= known
    assert {detailed for _, detailed, *_ in rows("merchants.tsv")} <= known
    assert {name for _, _, name, _ in rows("merchants.tsv")} <= {*taxonomy.classes(), ""}
    assert {kind for _, kind in rows("brands.tsv")} <= {kind for kind, *_ in rows("kinds.tsv")}
    assert brands.find("nobody has this name") is None
