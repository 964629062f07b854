"""`bankfeeds generate`: writes the files that are generated and committed."""

from __future__ import annotations

import asyncio

import typer


def generate() -> None:
    """Write supabase/schema.sql and schema/schema.graphql anew, from a checkout."""
    from schema.export import export

    from cli.generate_schema import generate_schema

    typer.echo(f"wrote {asyncio.run(generate_schema())}")
    typer.echo(f"wrote {export()}")
