"""The child's end of the pipe, in real children."""

import asyncio
import logging
import os
import signal
import sys

import pytest

from avatar_core.child import ChildProcess

PROGRAM = """
import asyncio, logging, sys
from avatar_core.owner import OwnerPipe, log_to_owner, on_termination

async def run():
    pipe = await OwnerPipe.open()
    stopped = asyncio.Event()
    on_termination(stopped.set)
    async def talk():
        async for line in pipe.lines():
            if line == b"flood\\n":
                for _ in range(8000):
                    pipe.send(b"x" * 1023 + b"\\n")
                pipe.send(b"never sent\\n")
                print("dropped", pipe.dropped, file=sys.stderr, flush=True)
            else:
                pipe.send(b"got " + line)
        print("owner is gone", file=sys.stderr, flush=True)
        stopped.set()
    talking = asyncio.get_running_loop().create_task(talk())
    await stopped.wait()
    talking.cancel()
    pipe.close()

log_to_owner()
logging.getLogger("livekit").info("chatter")
logging.getLogger("avatar_core").info("ready")
asyncio.run(run())
"""


async def start(program: str = PROGRAM) -> ChildProcess:
    return await ChildProcess.start_command([sys.executable, "-P", "-c", program], name="child", grace_s=5.0)


async def next_line(child: ChildProcess) -> bytes:
    return await anext(child.lines())


async def test_lines_are_answered() -> None:
    child = await start()
    child.send_line(b"one\n")
    assert await next_line(child) == b"got one\n"
    await child.aclose()


async def test_the_end_of_stdin_means_that_the_owner_is_gone() -> None:
    child = await start()
    child.send_line(b"one\n")
    await next_line(child)
    child._pipes.stdin.close()
    assert await child.how_it_ended() == "exit code 0. owner is gone"
    await child.aclose()


async def test_termination_ends_it_in_order() -> None:
    child = await start()
    child.send_line(b"one\n")
    await next_line(child)
    os.kill(child.pid, signal.SIGTERM)
    assert await child.ended == 0
    await child.aclose()


async def test_an_owner_that_does_not_read_costs_lines_that_are_counted_and_no_time() -> None:
    child = await start()
    child.send_line(b"flood\n")
    async with asyncio.timeout(20):
        while not child.last_words.startswith("dropped"):
            await asyncio.sleep(0.01)
    assert int(child.last_words.split()[1]) > 1
    await child.aclose()


async def test_the_log_has_our_words_and_not_the_sdks_chatter(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "avatar_core.child"):
        child = await start()
        child.send_line(b"one\n")
        await next_line(child)
        await child.aclose()
    assert "child: INFO avatar_core ready" in caplog.messages
    assert "chatter" not in caplog.text
