"""Coroutines that mostly have their answer at once, and need a clock only where they have not."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def begun(
    work: Coroutine[Any, Any, Answer],
    otherwise: Callable[[Coroutine[Any, Any, Answer]], Coroutine[Any, Any, Answer]],
) -> Answer:
    """The answer of `work`; `otherwise` gets what is left of it where it has to wait.

    `otherwise` may await that under a time-out. Where nothing waits, none is made: that would
    take longer than most such work does.
    """
    try:
        awaited = work.send(None)
    except StopIteration as ended:
        answer: Answer = ended.value
        return answer
    return await otherwise(_left(awaited, work))


@coroutine
def _left(awaited: Any, work: Coroutine[Any, Any, Answer]) -> Generator[Any, Any, Answer]:
    """What is left of a coroutine that waits for `awaited`: as `await` would go on with it."""
    while True:
        try:
            try:
                sent = yield awaited
            except GeneratorExit:
                work.close()
                raise
            except BaseException as error:
                awaited = work.throw(error)
            else:
                awaited = work.send(sent)
        except StopIteration as ended:
            answer: Answer = ended.value
            return answer
