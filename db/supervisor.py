"""A supervised child process: started, probed, restarted when it dies, and ended for certain."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core.errors import BankfeedsError
from db.identity import Identity

PROBE_S: Final = 0.02
STEADY_S: Final = 10.0  # alive for so long: the next death counts as the first
BACKOFF_S: Final = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0, 5.0)
TAIL_BYTES: Final = 4_000


class ChildFailed(BankfeedsError):
    """A child process does not come up, or does not stay up; the message ends with its log."""


async def _always(_pid: int) -> bool:
    return True


async def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One child process: what to run, how to see that it is ready, how to end it."""

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str]
    ready: Callable[[int], Awaitable[bool]] = _always  # is given the process id
    before: Callable[[], Awaitable[None]] = _nothing  # before each start, such as clearing a lock
    identity: Identity = field(default_factory=Identity)
    cwd: Path | None = None
    log: Path | None = None  # None: our own standard error
    pass_fds: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL  # what the child gets when we are killed
    ready_within_s: float = 30.0
    stop_within_s: float = 3.0  # then SIGKILL


class Supervised:
    """Keeps a `Command` running between `async with` and its end.

    A child that dies is started again with growing pauses; after as many deaths in a row as
    `BACKOFF_S` has entries it is given up, which `given_up` raises. `notify` hears each event as
    one line of text. Ending takes at most `stop_within_s` and then SIGKILL.
    """

    def __init__(self, command: Command, *, notify: Callable[[str], None] | None = None) -> None:
        self.command = command
        self._notify = notify or (lambda _line: None)
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._end()
            raise
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.command.name}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """The process id of the present incarnation."""
        assert self._process is not None
        return self._process.pid

    async def given_up(self) -> None:
        """Wait until the child is given up, then raise `ChildFailed`; waits for ever otherwise."""
        assert self._keeper is not None
        await asyncio.shield(self._keeper)

    async def stop(self) -> None:
        """End the child, whatever its state; does nothing where it never started."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError, ChildFailed):
                await self._keeper
        await self._end()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        deaths = 0
        while deaths < len(BACKOFF_S):
            assert self._process is not None
            started = loop.time()
            status = await self._process.wait()
            deaths = 1 if loop.time() - started > STEADY_S else deaths + 1
            self._notify(f"{self.command.name} {_ending(status)}; starting it again")
            await asyncio.sleep(BACKOFF_S[deaths - 1])
            # Dying again before it is ready is one more death, seen at the top of the loop.
            with contextlib.suppress(ChildFailed):
                await self._start()
        raise ChildFailed(
            f"{self.command.name} died {deaths} times in a row{_tail(self.command.log)}"
        )

    async def _start(self) -> None:
        command = self.command
        await command.before()
        self._process = await _spawn(command)
        try:
            async with asyncio.timeout(command.ready_within_s):
                while not await command.ready(self._process.pid):
                    self._assert_alive()
                    await asyncio.sleep(PROBE_S)
        except TimeoutError:
            await self._end()
            raise ChildFailed(
                f"{command.name} was not ready after {command.ready_within_s:g} s"
                f"{_tail(command.log)}"
            ) from None

    def _assert_alive(self) -> None:
        assert self._process is not None
        if (status := self._process.returncode) is not None:
            raise ChildFailed(f"{self.command.name} {_ending(status)}{_tail(self.command.log)}")

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):  # ended by itself just now
            process.send_signal(self.command.stop_signal)
        # No asyncio.timeout: Python 3.11 ends it wrongly in a task that was cancelled before.
        waiting = asyncio.create_task(process.wait())
        await asyncio.wait({waiting}, timeout=self.command.stop_within_s)
        if not waiting.done():
            process.kill()
        await waiting


@contextlib.asynccontextmanager
async def supervised_all(
    commands: Sequence[Command], *, notify: Callable[[str], None] | None = None
) -> AsyncIterator[Sequence[Supervised]]:
    """All of them, started at the same time and ended at the same time.

    Raises an exception group of `ChildFailed` where one does not come up; the others are ended.
    """
    children = [Supervised(command, notify=notify) for command in commands]
    try:
        async with asyncio.TaskGroup() as group:
            for child in children:
                group.create_task(child.__aenter__())
        yield children
    finally:
        async with asyncio.TaskGroup() as group:
            for child in children:
                group.create_task(child.stop())


async def run(command: Command, *, timeout_s: float = 60.0) -> None:
    """Run `command` to its end, once; raises `ChildFailed` unless it ends with status 0."""
    process = await _spawn(command)
    try:
        async with asyncio.timeout(timeout_s):
            status = await process.wait()
    except BaseException as error:
        process.kill()
        await process.wait()
        if isinstance(error, TimeoutError):
            raise ChildFailed(f"{command.name} took more than {timeout_s:g} s") from None
        raise
    if status:
        raise ChildFailed(f"{command.name} {_ending(status)}{_tail(command.log)}")


async def _spawn(command: Command) -> asyncio.subprocess.Process:
    log = 2 if command.log is None else os.open(command.log, _APPEND, 0o600)
    try:
        # A session of its own: Ctrl-C is for us, and we end our children in order.
        return await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=command.env,
            cwd=command.cwd,
            pass_fds=command.pass_fds,
            start_new_session=True,
            **command.identity.popen_arguments(command.death_signal),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ChildFailed(f"{command.name} cannot be started: {error}") from error
    finally:
        if command.log is not None:
            os.close(log)


_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    return f"was ended by {signal.Signals(-status).name}"


def _tail(log: Path | None) -> str:
    if log is None or not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
        return f"; the end of {log}:\n{file.read().decode(errors='replace').strip()}"
