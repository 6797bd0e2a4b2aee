"""The channel layer, which carries one small message to the hub of each worker."""

import asyncio
import logging
from contextlib import suppress

from channels.layers import BaseChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

#: Every worker's hub listens to this one group. It has another name where messages have another
#: shape: workers of two releases, in the seconds of an upgrade, find each other's changes by the
#: beat.
GROUP = "helpdesk.live.topics"


def layer() -> BaseChannelLayer:
    found = get_channel_layer()
    assert found is not None, "CHANNEL_LAYERS names none"
    return found


async def send(message: dict) -> None:
    try:
        await asyncio.wait_for(layer().group_send(GROUP, message), 1)
    except Exception as error:  # noqa: BLE001  other workers' beats find the change (F5)
        logger.warning("live: the channel layer is away (%s)", type(error).__name__)


async def forget_channels() -> None:
    """The layer keeps every channel that it could not subscribe to, and each try makes one."""
    with suppress(Exception):
        await layer().flush()
