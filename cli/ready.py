"""What `bankfeeds up` says when it is ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyUser:
    """A user of the demo, with a token to be it."""

    email: str
    role: str
    tenant: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyConnection:
    """A connection of the demo, to import statements into."""

    id: str
    name: str
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What the demo put into the database, or found there."""

    users: Sequence[ReadyUser] = ()
    connections: Sequence[ReadyConnection] = ()


def as_json(url: str, demo: Demo) -> dict[str, object]:
    """The one line of `up --json`."""
    return {
        "graphql": url,
        "users": [asdict(user) for user in demo.users],
        "connections": [asdict(connection) for connection in demo.connections],
    }


def as_text(url: str, demo: Demo) -> str:
    """The same for a person, with the command that imports a first file."""
    lines = ["", f"GraphQL, and GraphiQL in a browser: {url}"]
    for user in demo.users:
        lines += ["", f"{user.email}, {user.role} of {user.tenant}:", f"  {user.token}"]
    for connection in demo.connections:
        lines += ["", f"{connection.name} of {connection.tenant}: {connection.id}"]
    if demo.connections:
        lines += [
            "",
            "Import a statement:",
            f"  bankfeeds import FILE --url {url} --token TOKEN"
            f" --connection {demo.connections[0].id}",
        ]
    return "\n".join([*lines, "", "Ctrl-C ends it; the data stays."])
