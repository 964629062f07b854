"""The caller's primary persona, for use cases that need one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.models import Role
from resolvers import personas
from resolvers.refusal import RefusalCode
from resolvers.refusing import Refusal
from tests.fixtures.graph import Graph


async def test_the_callers_primary_persona_is_made_once(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    context = graph.context(place.user)

    found = []
    for _ in range(2):
        async with context.write() as tx:
            found.append(await personas.primary(tx, context))

    assert found[0] == found[1]
    assert (found[0].user_id, found[0].is_primary) == (place.user_id, True)
    assert found[0].full_name == str(place.user_id)


async def test_a_viewer_is_told_the_role_that_it_needs(graph: Graph) -> None:
    place = await graph.world.place(role=Role.VIEWER)
    context = graph.context(place.user)

    with pytest.raises(Refusal) as refusal:
        async with context.write() as tx:
            await personas.primary(tx, context)

    assert refusal.value.refused.code is RefusalCode.NOT_ALLOWED
    assert "MEMBER" in refusal.value.refused.message


async def test_without_a_tenant_there_is_none(graph: Graph) -> None:
    place = await graph.world.place()
    context = replace(graph.context(place.user), tenant_id=None)

    with pytest.raises(Refusal, match="X-Tenant"):
        async with context.write() as tx:
            await personas.primary(tx, context)
