"""Source lines are shown as they are in the file, except for the numbers of accounts and cards."""

from __future__ import annotations

import time
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from core import account_number
from core.account_number import plain_number
from core.errors import SealBroken
from core.models import Role
from core.scope import UserScope
from core.vault import DataKey
from resolvers import source_lines
from resolvers.source_lines import LINES_MAX, Known, Place, masked
from tests.clients.counting import CountedDatabase
from tests.fixtures.graph import Graph
from tests.fixtures.world import Place as Tenant

OF_A_DOCUMENT = 2  # statements: where its bytes are, and who has read it
KEY = DataKey(bytes(32))
NUMBERS = (
    "0012345600",
    "123456",
    "AB1234567",
    "12345678",
    "12.3456.99",
    "50-10/7044",
    "DE00370400440532013000",
    "7123",
)
KNOWN = Known(
    key=KEY,
    hashes=frozenset(KEY.keyed_hash("account-number", plain_number(one)) for one in NUMBERS),
    tails=frozenset(account_number.masked(one)[-4:] for one in NUMBERS),
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("03,0012345600,EUR,015,100/", "03,••••5600,EUR,015,100/"),
        ("0012 3456 00;0012-3456-00", "••••5600;••••5600"),
        ("ACCT0012345600X", "ACCT••••5600X"),
        ("03,123456,EUR,015,1234567", "03,••••456,EUR,015,1234567"),
        ("2026-03-01;ab1234567;-3.50", "2026-03-01;••••4567;-3.50"),
        ("2026-03-01\tAB 1234567\tPaid", "2026-03-01\t••••4567\tPaid"),
        ('"12.3456.99","1"', '"••••5699","1"'),
        ("to 50-10/7044, from 50107044", "to ••••7044, from ••••7044"),
        ("7123 and 71234", "••••23 and 71234"),
        ("DE00 3704 0044 0532 0130 00", "••••3000"),
        ("IBAN DE89370400440532013000 paid", "IBAN ••••3000 paid"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN ••••3000"),
        ("DE89370400440532013000 GB29NWBK60161331926819", "••••3000 ••••6819"),
        ("SVWZ+IBANDE89370400440532013000/BIC", "SVWZ+IBAN••••3000/BIC"),
        ("iban gb29nwbk60161331926819", "iban ••••6819"),
        ("CARD 4111111111111111", "CARD ••••1111"),
        ("CARD 4111-1111-1111-1111 OK", "CARD ••••1111 OK"),
        ("CARD 4111 1111 1111 1111", "CARD ••••1111"),
        ("0012345600 20260301", "••••5600 20260301"),
        ("20260301 0012345600", "20260301 ••••5600"),
        # Neither an account nor a card:
        ("16,475,350,Z,,,COFFEE", "16,475,350,Z,,,COFFEE"),
        ("REF 4111111111111112", "REF 4111111111111112"),
        ("20260301,100000,2026", "20260301,100000,2026"),
        ("DE01370400440532013001", "DE01370400440532013001"),
        ("99995678", "99995678"),
        ("16,475,9995600,Z", "16,475,9995600,Z"),
        ("1234.57,99912345678", "1234.57,99912345678"),
        ("", ""),
        ("a\x00b\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), "a\ufffdbÿ"),
    ],
)
def test_numbers_of_accounts_and_cards_are_masked(raw: str, shown: str) -> None:
    assert masked(raw.encode(), KNOWN) == shown


def test_number_at_the_cut_of_a_long_line_is_masked() -> None:
    line = b"x" * 1_990 + b" 4111111111111111 " + b"y" * 5_000_000

    text = masked(line, KNOWN)

    assert len(text) <= 2_000
    assert "4111" not in text


@pytest.mark.parametrize("repeated", [b"1 ", b"a1", b"5600 ", b"5600a", b"1.5600/"])
def test_hostile_line_is_masked_in_no_time(repeated: bytes) -> None:
    line = repeated * 500_000 + b"DE89" + b" A" * 500_000
    start = time.process_time()

    text = masked(line, KNOWN)

    assert len(text) == 2_000
    assert time.process_time() - start < 1


async def _document(graph: Graph, tenant: Tenant, content: bytes) -> UUID:
    job = await graph.world.take_in(tenant, content)
    found = await graph.world.owner.fetchval(
        "select id from app.raw_ingestion_data where job_id = $1", job["id"]
    )
    assert isinstance(found, UUID)
    return found


CSV = b"Date,Amount,Text\n" + b"".join(
    f"2026-03-{day:02d},-{day}.50,Row {day}\n".encode() for day in range(1, 29)
)


async def test_lines_of_a_place_are_read_and_audited(graph: Graph) -> None:
    tenant = await graph.world.place(currency="EUR")
    document = await _document(graph, tenant, CSV)
    viewer = await graph.user(tenant, Role.VIEWER)
    places = [
        Place(document_id=document, first=2, last=3),
        Place(document_id=document, first=28, last=1_000_000),
    ]

    found = await source_lines.lines(graph.context(viewer), places)

    shown = [[(line.number, line.text) for line in found[place]] for place in places]
    assert shown[0] == [(2, "2026-03-01,-1.50,Row 1"), (3, "2026-03-02,-2.50,Row 2")]
    assert shown[1][:2] == [(28, "2026-03-27,-27.50,Row 27"), (29, "2026-03-28,-28.50,Row 28")]
    assert len(shown[1]) <= LINES_MAX
    (event,) = await graph.world.owner.fetch("select * from app.ingestion_audit_log")
    assert (event["event"], event["user_id"]) == ("source.read", viewer.user_id)


async def test_what_is_masked_is_looked_up_once_for_all_documents(graph: Graph) -> None:
    tenant = await graph.world.place(currency="EUR")
    documents = [
        await _document(graph, tenant, CSV + f"2026-04-{day:02d},-1,R\n".encode())
        for day in range(1, 6)
    ]
    counted = CountedDatabase(graph.services.database)
    context = graph.context(tenant.user)
    context = replace(context, services=replace(context.services, database=counted))

    async def statements(count: int) -> int:
        places = [Place(document_id=one, first=2, last=2) for one in documents[:count]]
        before = counted.statements
        assert len(await source_lines.lines(context, places)) == count
        return counted.statements - before

    one, two, five = [await statements(count) for count in (1, 2, 5)]

    assert five - two == 3 * (two - one)
    assert two - one <= OF_A_DOCUMENT


@pytest.mark.parametrize("number", ["12.3456.78", "50-10/70", "gb82west12345698765431"])
async def test_account_number_of_a_csv_file_is_masked_in_its_lines(
    graph: Graph, number: str
) -> None:
    tenant = await graph.world.place(currency="EUR")
    document = await _document(
        graph, tenant, f"Date,Amount,Text,Account\n2026-03-01,-1.50,Row,{number}\n".encode()
    )
    place = Place(document_id=document, first=2, last=2)

    found = await source_lines.lines(graph.context(tenant.user), [place])

    hidden = account_number.masked(number)
    assert [line.text for line in found[place]] == [f"2026-03-01,-1.50,Row,{hidden}"]


@pytest.mark.parametrize("who", ["another tenant", "stranger"])
async def test_document_of_another_tenant_shows_nothing(graph: Graph, who: str) -> None:
    tenant, other = await graph.world.place(currency="EUR"), await graph.world.place()
    document = await _document(graph, tenant, CSV)
    stranger = UserScope(user_id=await graph.stranger(), tenant_id=tenant.tenant_id)
    caller = other.user if who == "another tenant" else stranger

    found = await source_lines.lines(
        graph.context(caller), [Place(document_id=document, first=1, last=2)]
    )

    assert found == {}
    assert await graph.world.owner.fetchval("select count(*) from app.ingestion_audit_log") == 0


async def test_missing_document_shows_nothing(graph: Graph) -> None:
    tenant = await graph.world.place()

    found = await source_lines.lines(
        graph.context(tenant.user), [Place(document_id=uuid4(), first=1, last=2)]
    )

    assert found == {}


async def test_bytes_that_were_changed_are_not_shown(graph: Graph) -> None:
    tenant = await graph.world.place(currency="EUR")
    document = await _document(graph, tenant, CSV)
    await graph.world.owner.execute(
        "delete from private.tenant_keys where tenant_id = $1", tenant.tenant_id
    )

    with pytest.raises(SealBroken):
        await source_lines.lines(
            graph.context(tenant.user), [Place(document_id=document, first=1, last=2)]
        )
