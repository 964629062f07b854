"""Events: hints that something changed. They carry ids only; readers read again for themselves.

Redis pub/sub delivers at most once and forgets what nobody heard, so every listener also looks
again from time to time (`EVENT_PATIENCE_S`): losing Redis delays news, and loses none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, NoReturn, Protocol
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from core.ending import ended

_log = logging.getLogger(__name__)

EVENT_PATIENCE_S: Final = 2
LISTENER_KEYS_MAX: Final = 100
PUBLISH_TIMEOUT_S: Final = 1
CONNECT_TIMEOUT_S: Final = 5
PAUSE_S: Final = 1  # after a failure; without it, every commit would wait for a dead Redis
RECONNECT_S: Final = (0.1, 0.5, 1, 2, 5)
SILENCE_S: Final = 10  # then Redis is asked whether it is still there


class Events(Protocol):
    """Tells and hears what changed in a tenant."""

    async def publish(self, tenant_id: UUID, topic: str, key: UUID) -> None:
        """Tells that `key` changed, such as ("job", job_id). Never raises: it is only a hint."""
        ...

    def listen(self, tenant_id: UUID, topic: str) -> Listening:
        """Hears the changes of a topic from the moment that the context is entered."""
        ...


class Listening(Protocol):
    """An async context manager that yields a queue of the keys that changed."""

    async def __aenter__(self) -> asyncio.Queue[UUID]:
        """Starts to listen. The queue is bounded: what does not fit is dropped, as hints may be."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Stops."""
        ...


@asynccontextmanager
async def redis_events(redis: Redis) -> AsyncIterator[RedisEvents]:
    """Events through Redis for one process; the one connection that hears ends with the block."""
    events = RedisEvents(redis)
    hearing = asyncio.create_task(events.hear(), name="redis-events")
    try:
        yield events
    finally:
        await ended(hearing)


class RedisEvents:
    """Many listeners on one pub/sub connection, which is opened when somebody listens."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._channels: dict[str, _Channel] = {}
        self._wanted = asyncio.Event()
        self._connection: AbstractConnection | None = None
        self._paused_until: float = 0

    async def publish(self, tenant_id: UUID, topic: str, key: UUID) -> None:
        """Takes at most a second; what cannot be told is dropped."""
        now = asyncio.get_running_loop().time()
        if now < self._paused_until:
            return
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await self._redis.publish(_name(tenant_id, topic), str(key))
        except (RedisError, OSError, TimeoutError) as error:
            self._paused_until = now + PAUSE_S
            _log.warning("events.unreachable", extra={"error": type(error).__name__})

    def listen(self, tenant_id: UUID, topic: str) -> Listening:
        """Hears a topic, also across reconnects; waits a second at most until Redis agreed."""
        return _Listener(self, _name(tenant_id, topic))

    async def hear(self) -> NoReturn:
        """Reads what Redis delivers, and connects again for ever. Runs until it is cancelled."""
        await self._wanted.wait()
        failures = 0
        while True:
            try:
                await self._deliver()
            except (RedisError, OSError, TimeoutError) as error:
                delay = RECONNECT_S[min(failures, len(RECONNECT_S) - 1)]
                # A connection that had worked starts from the shortest delay again.
                failures = 0 if self._connection is not None else failures + 1
                _log.warning("events.deaf", extra={"error": type(error).__name__, "retry_s": delay})
                await asyncio.sleep(delay)
            finally:
                self._connection = None

    async def join(self, name: str, queue: asyncio.Queue[UUID]) -> None:
        """Puts what comes on a channel into the queue from now on."""
        channel = self._channels.setdefault(name, _Channel())
        channel.queues.append(queue)
        self._wanted.set()
        try:
            if not channel.agreed.is_set():
                # Also where another listener has asked: that one may have been cancelled over it.
                await self._command("SUBSCRIBE", name)
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await channel.agreed.wait()
        except TimeoutError:
            _log.warning("events.listening_unconfirmed")
        except BaseException:
            # Who is cancelled while they come in is never told to leave.
            await self.leave(name, queue)
            raise

    async def leave(self, name: str, queue: asyncio.Queue[UUID]) -> None:
        """Ends what `join` began."""
        channel = self._channels[name]
        channel.queues.remove(queue)
        if not channel.queues:
            del self._channels[name]
            await self._command("UNSUBSCRIBE", name)

    async def _deliver(self) -> NoReturn:
        connection = _fresh_connection(self._redis)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await connection.connect()  # type: ignore[no-untyped-call]  # of redis-py
            for channel in self._channels.values():
                channel.agreed.clear()
            # A listener that comes during the await below subscribes for itself.
            names = list(self._channels)
            self._connection = connection
            if names:
                await connection.send_command("SUBSCRIBE", *names)
            await self._read(connection)
        finally:
            await connection.disconnect(nowait=True)

    async def _read(self, connection: AbstractConnection) -> NoReturn:
        silent = False
        while True:
            message = await connection.read_response(timeout=SILENCE_S)
            if message is None and silent:
                raise TimeoutError("Redis no longer answers")
            silent = message is None
            if silent:
                await connection.send_command("PING", check_health=False)
            elif isinstance(message, list):
                self._take(message)

    def _take(self, message: list[bytes]) -> None:
        kind, name = message[0], message[1].decode()
        channel = self._channels.get(name)
        if channel is None:
            return
        if kind == b"subscribe":
            channel.agreed.set()
        elif kind == b"message":
            channel.tell(message[2])

    async def _command(self, command: str, name: str) -> None:
        """What fails here also ends the reading, which subscribes to everything anew."""
        # One that a cancelled command has closed would be opened here again, past the reading.
        if self._connection is None or not self._connection.is_connected:
            return
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await self._connection.send_command(command, name, check_health=False)
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("events.command_failed", extra={"error": type(error).__name__})


@dataclass(slots=True)
class _Channel:
    """Who listens to one topic of one tenant."""

    queues: list[asyncio.Queue[UUID]] = field(default_factory=list)
    agreed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, payload: bytes) -> None:
        try:
            key = UUID(payload.decode())
        except ValueError:
            return  # not one of ours
        for queue in self.queues:
            if not queue.full():
                queue.put_nowait(key)


class _Listener:
    """One listener of one channel."""

    def __init__(self, events: RedisEvents, name: str) -> None:
        self._events = events
        self._name = name
        self._queue: asyncio.Queue[UUID] = asyncio.Queue(LISTENER_KEYS_MAX)

    async def __aenter__(self) -> asyncio.Queue[UUID]:
        await self._events.join(self._name, self._queue)
        return self._queue

    async def __aexit__(self, *_: object) -> None:
        await self._events.leave(self._name, self._queue)


def _name(tenant_id: UUID, topic: str) -> str:
    return f"bankfeeds:{tenant_id}:{topic}"


def _fresh_connection(redis: Redis) -> AbstractConnection:
    """A connection of its own: one that listens can do nothing else."""
    pool = redis.connection_pool
    # Without a timeout of its own, redis-py writes at once: nothing can come in between.
    options = {**pool.connection_kwargs, "socket_timeout": None}
    connection: AbstractConnection = pool.connection_class(**options)
    return connection
