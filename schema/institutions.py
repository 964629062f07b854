"""Institutions: banks as one tenant knows them."""

from __future__ import annotations

import strawberry

from core import models
from schema.columns import column, shown
from schema.ids import encode
from schema.node import Node


@strawberry.type(description="A bank or other institution as the tenant knows it.")
class Institution(Node):
    name: str = column("i.name", description="Its name.")
    external_id: str | None = column(
        "i.external_id", description="The source's id of it; null where somebody named it by hand."
    )
    country: str | None = column(
        "i.country", description="Its ISO 3166 country; null where nobody said."
    )

    @staticmethod
    def of(institution: models.Institution) -> Institution:
        """An institution of the tenant's."""
        return shown(
            Institution, institution, id=encode("Institution", institution.id), key=institution.id
        )
