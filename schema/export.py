"""The schema in GraphQL's own language, generated and kept beside the code."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from schema.build import schema

PATH: Final = Path(__file__).with_name("schema.graphql")


def text() -> str:
    """What the file is to hold."""
    return f"{schema.as_str()}\n"


def main() -> None:
    """Writes the file: `python -m schema.export`."""
    PATH.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
