"""Mutations of the simulated Quiltt: metadata, profiles, the ends and failures of connections."""

from __future__ import annotations

from typing import Any

from tests.fixtures.quiltt_reading import connection, transactions
from tests.fixtures.quiltt_service import Service

MUTATION = """
mutation ($input: {name}Input!) {{
  {field}(input: $input) {{
    success clientMutationId errors {{ message path }} record {{ {fields} }}
  }}
}}"""


def mutate(
    quiltt: Service, profile_id: str, field: str, fields: str, **values: Any
) -> dict[str, Any]:
    query = MUTATION.format(name=field[0].upper() + field[1:], field=field, fields=fields)
    payload: dict[str, Any] = quiltt.data(profile_id, query, {"input": values})[field]
    return payload


def account_ids(quiltt: Service, connection_id: str) -> list[str]:
    return [account["id"] for account in quiltt.control.truth(connection_id)["accounts"]]


def test_metadata_is_kept_and_found(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked()
    [account_id, *_] = account_ids(quiltt, connection_id)
    [transaction, *_] = transactions(quiltt, profile_id, [account_id])
    records = {
        "connectionUpdate": connection_id,
        "accountUpdate": account_id,
        "transactionUpdate": transaction["id"],
    }

    for field, record_id in records.items():
        payload = mutate(
            quiltt, profile_id, field, "id metadata", id=record_id, metadata={"ours": field}
        )
        assert payload["record"] == {"id": record_id, "metadata": {"ours": field}}

    found = quiltt.data(
        profile_id,
        """{
          connections(filter: {metadata: {ours: "connectionUpdate"}}) { id }
          accounts(filter: {metadata: {ours: "accountUpdate"}}) { id }
          transactions(filter: {metadata: {ours: "transactionUpdate"}}) { nodes { id } }
        }""",
    )
    assert found == {
        "connections": [{"id": connection_id}],
        "accounts": [{"id": account_id}],
        "transactions": {"nodes": [{"id": transaction["id"]}]},
    }


def test_profile_is_updated(quiltt: Service) -> None:
    profile_id = quiltt.profile()
    names = {"first": "Ada", "last": "King"}

    done = mutate(
        quiltt, profile_id, "profileUpdate", "names { full } dateOfBirth", names=names,
        dateOfBirth="1815-12-10", clientMutationId="mine",
    )  # fmt: skip
    failed = mutate(quiltt, profile_id, "profileUpdate", "id", email="nobody")

    assert done["record"] == {"names": {"full": "Ada King"}, "dateOfBirth": "1815-12-10"}
    assert (done["success"], done["clientMutationId"]) == (True, "mine")
    assert (failed["success"], failed["record"]) == (False, None)
    assert failed["errors"][0]["message"] == "Email is not a valid email address"


def test_connection_is_disconnected_and_keeps_its_data(quiltt: Service) -> None:
    quiltt.control.set(disconnection_after_s=5)
    profile_id, connection_id = quiltt.linked()
    before = transactions(quiltt, profile_id, account_ids(quiltt, connection_id))

    payload = mutate(quiltt, profile_id, "connectionDisconnect", "status", id=connection_id)
    quiltt.control.advance(seconds=5)
    mutate(quiltt, profile_id, "connectionDisconnect", "status", id=connection_id)

    assert payload["record"]["status"] == "DISCONNECTING"
    after = connection(quiltt, profile_id, connection_id)
    assert (after["status"], after["provider"]) == ("DISCONNECTED", "DISCONNECTED")
    kept = transactions(quiltt, profile_id, account_ids(quiltt, connection_id))
    assert [node["id"] for node in kept] == [node["id"] for node in before]
    types = [event["type"] for event in quiltt.control.events()]
    assert types.count("connection.disconnected") == 1


def test_errors_are_simulated_outside_production(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked()

    quiltt.control.set(mode="PRODUCTION")
    refused = mutate(quiltt, profile_id, "connectionSimulateError", "id", id=connection_id)
    quiltt.control.set(mode="SANDBOX")
    done = mutate(quiltt, profile_id, "connectionSimulateError", "status", id=connection_id)
    quiltt.control.disconnect(connection_id)
    ended = mutate(quiltt, profile_id, "connectionSimulateError", "id", id=connection_id)

    assert (refused["success"], ended["success"]) == (False, False)
    assert done["record"]["status"] == "ERROR_REPAIRABLE"
