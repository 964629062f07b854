"""`bankfeeds generate`: writes the files that are generated and committed."""

from __future__ import annotations

import asyncio

import typer


def generate() -> None:
    """Write the schemas of database and API, and docs/reference/, anew, from a checkout."""
    from cli.generate_reference import generate_reference
    from cli.generate_schema import generate_schema
    from schema import export

    typer.echo(f"wrote {asyncio.run(generate_schema())}")
    export.main()
    typer.echo(f"wrote {export.PATH}")
    for path in generate_reference():
        typer.echo(f"wrote {path}")


if __name__ == "__main__":
    generate()
