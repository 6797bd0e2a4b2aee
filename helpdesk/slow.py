"""Answers that are held back for a moment: a wrong guess costs time, and no thread.

A view sets ``response.hold`` (seconds); ``helpdesk.http`` waits in the event loop.
"""

import asyncio

#: Answers held at the same time; with more of them they go at once: holding costs memory.
MOST_HELD = 500
_held = 0


async def hold_off(seconds: float) -> None:
    global _held
    if not seconds or _held >= MOST_HELD:
        return
    _held += 1
    try:
        await asyncio.sleep(seconds)
    finally:
        _held -= 1
