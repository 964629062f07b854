"""Fixtures: the client compiled, and a server to walk through."""

from tests.clients.walking import compiled, walker

__all__ = ["compiled", "walker"]
