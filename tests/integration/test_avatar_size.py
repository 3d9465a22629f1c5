"""What size the reference avatars publish, as it is configured, comes to the viewer."""

import asyncio
from dataclasses import replace

from avatar_core.bench.session.bench_session import BenchSession
from tests.patience import LIMIT_S
from tests.real_session import EMBEDDED


async def test_reference_avatars_publish_the_size_that_is_configured() -> None:
    session = BenchSession(replace(EMBEDDED, avatar_size=(400, 224)), monitor_muted=True)
    try:
        connected = await session.connect()
        assert connected.ok, connected.text
        session.preview.request_preview_size(1280, 720)
        async with asyncio.timeout(LIMIT_S):
            while (shown := session.preview.latest(0)) is None or shown.width_px < 400:
                await asyncio.sleep(0.02)
        assert (shown.width_px, shown.height_px) == (400, 224)
    finally:
        await session.aclose()
