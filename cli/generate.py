"""`bankfeeds generate`: writes the files that are generated and committed."""

from __future__ import annotations

import asyncio

import typer


def generate() -> None:
    """Write the schemas of database and API, and docs/reference/, anew, from a checkout."""
    from schema.export import export

    from cli.generate_reference import generate_reference
    from cli.generate_schema import generate_schema

    typer.echo(f"wrote {asyncio.run(generate_schema())}")
    typer.echo(f"wrote {export()}")
    for path in generate_reference():
        typer.echo(f"wrote {path}")


if __name__ == "__main__":
    generate()
