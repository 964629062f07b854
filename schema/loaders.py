"""Loaders: what many fields of one operation ask for is read with one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from resolvers.context import Context

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Loaders:
    """One loader for each use case and its arguments, made when first asked.

    Answers are remembered only where `remembering`: in a query, which shows one state of the data.
    """

    def __init__(self, *, remembering: bool) -> None:
        self._remembering = remembering
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def load(
        self,
        context: Context,
        use_case: Callable[..., Awaitable[Mapping[Key, Value]]],
        key: Key,
        **arguments: Hashable,
    ) -> Value | None:
        """What the use case answers for the key; None where that is nothing.

        Fields that wait at the same time share one call: `use_case(context, keys, **arguments)`.
        """
        name = (use_case, tuple(arguments.items()))
        loader = self._loaders.get(name)
        if loader is None:
            loader = self._loaders[name] = self._loader(context, use_case, arguments)
        # A field that is cancelled, as one beside it failed, must not cancel those that wait for
        # the same key.
        found: Value | None = await asyncio.shield(loader.load(key))
        return found

    async def close(self) -> None:
        """Ends what still reads for fields that wait no more, as the operation failed."""
        self._closed = True
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    def _loader(
        self,
        context: Context,
        use_case: Callable[..., Awaitable[Mapping[Any, Any]]],
        arguments: Mapping[str, Any],
    ) -> DataLoader[Any, Any]:
        async def load(keys: Sequence[Any]) -> list[Any]:
            task = asyncio.current_task()
            if self._closed or task is None:
                raise asyncio.CancelledError
            self._running.add(task)
            try:
                found = await use_case(context, list(dict.fromkeys(keys)), **arguments)
            finally:
                self._running.discard(task)
            return [found.get(key) for key in keys]

        return DataLoader(load_fn=load, cache=self._remembering)
