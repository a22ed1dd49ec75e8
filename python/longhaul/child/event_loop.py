"""`async def` processors: one event loop for the whole process, so that what `setup` opened still works in `run`."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Callable, Optional

if TYPE_CHECKING:
    import asyncio

_loop: Optional["asyncio.AbstractEventLoop"] = None


def finish(value: Any, on_cancel: Callable[[Callable[[], object]], None] = lambda _: None) -> Any:
    """Waits for an awaitable, answers anything else as it is. `on_cancel` is told how a thread cancels it."""
    global _loop
    if not inspect.isawaitable(value):
        return value
    import asyncio  # 50 ms, for those who use it

    if _loop is None:
        _loop = asyncio.new_event_loop()
        asyncio.set_event_loop(_loop)
    loop = _loop

    async def wait() -> Any:
        return await value

    before = asyncio.all_tasks(loop)
    task = loop.create_task(wait())
    on_cancel(lambda: loop.call_soon_threadsafe(task.cancel))
    try:
        return loop.run_until_complete(task)
    finally:
        left = asyncio.all_tasks(loop) - before - {task}
        for other in left:
            other.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))


def drain(items: Any, take: Callable[[Any], None], on_cancel: Callable[[Callable[[], object]], None]) -> None:
    """Takes every item of an async generator."""

    async def each() -> None:
        async for item in items:
            take(item)

    finish(each(), on_cancel)
