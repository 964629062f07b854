"""Syncs with a simulated Quiltt: what stands here is what is there, whatever happened between."""

from __future__ import annotations

from tests.fixtures.quiltt_syncing_fixture import Link


async def test_the_newest_days_come_first_and_then_the_past_month_by_month(link: Link) -> None:
    bank = await link()

    first = await bank.sync()
    after_first = await bank.connection()
    then = await bank.sync()
    at_last = await bank.connection()

    assert (first["state"], first["sync_phase"]) == ("completed", "initial")
    assert after_first["sync_phase"] == "historical"
    assert after_first["initial_complete_at"] is not None
    assert (then["state"], then["sync_phase"]) == ("completed", "historical")
    assert (at_last["sync_phase"], at_last["sync_progress"]) == ("incremental", 100)
    assert await bank.rows() == bank.truth()
