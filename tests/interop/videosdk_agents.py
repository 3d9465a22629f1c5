"""Our ends of VideoSDK's wire against those of videosdk-agents itself, all four pairs, through the meeting in memory.

Run by a Python that has videosdk-agents and what avatar_core needs: `benchmarks/videosdk_interop.py` makes one. It
prints a table, and exits with 1 where a pair with one of our ends does other than is expected of it.
"""

import asyncio
import inspect
import json
import logging
import random
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "core")]

import av  # noqa: E402
import jwt  # noqa: E402
import numpy as np  # noqa: E402
from videosdk.agents import avatar as theirs  # noqa: E402
from videosdk.agents.room.output_stream import TeeCustomAudioStreamTrack  # noqa: E402

from avatar_core.videosdk import avatar as ours  # noqa: E402
from tests.fakes.meeting import FakeMeetingRoom  # noqa: E402

RATE_HZ = 24_000
LIMIT_S = 4.0
LOUD = b"\x00\xd8"
SIDES = {"theirs": theirs, "ours": ours}
PAIRS = [(agent, worker) for agent in SIDES for worker in SIDES]


def pcm(seconds: float, sample: bytes = LOUD) -> bytes:
    return sample * round(seconds * RATE_HZ)


def renderer_of(module: ModuleType) -> Any:
    """A renderer over the given module's contract: it gives back what it was given, and counts it."""

    class Echo(module.AvatarRenderer):
        def __init__(self) -> None:
            self.received: deque[tuple[float, int]] = deque()
            self._items: deque[object] = deque()
            self._came = asyncio.Event()

        @property
        def received_s(self) -> float:
            return sum(count for _, count in self.received) / RATE_HZ

        async def push_stream_chunk(self, frame: object) -> None:
            if isinstance(frame, av.AudioFrame):
                self.received.append((time.monotonic(), frame.samples))
                self._items.append(av.VideoFrame.from_ndarray(np.zeros((270, 320), np.uint8), format="yuv420p"))
            self._items.append(frame)
            self._came.set()

        def reset_stream(self) -> None:
            self._items.clear()

        async def __aiter__(self) -> AsyncIterator[object]:
            while True:
                if self._items:
                    yield self._items.popleft()
                else:
                    self._came.clear()
                    await self._came.wait()

    return Echo()


class Errors(logging.Handler):
    """What videosdk-agents logs as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


class Pair:
    """An agent's end and a worker in one meeting, what the worker heard, and what the agent was answered."""

    def __init__(self, agent: str, worker: str, order: random.Random | None = None) -> None:
        self.room = FakeMeetingRoom(order=order)
        out_module, in_module = SIDES[agent], SIDES[worker]
        credentials = out_module.AvatarAuthCredentials(participant_id="avatar", token="none")
        self.out = out_module.AvatarAudioOut(credentials=credentials)
        self.acks: list[tuple[float, bool]] = []
        if out_module is theirs:
            self.out._on_stream_ended = lambda position, interrupted: self.acks.append((position, interrupted))
        else:
            self.out.stream_ended.connect(lambda end: self.acks.append((end.playback_position, end.interrupted)))
        self.out._set_meeting(self.room.join("agent"))
        meeting = self.room.join("avatar")
        self.renderer = renderer_of(in_module)
        self.server = in_module.AvatarServer(
            meeting,
            audio_recv=in_module.AvatarAudioIn(meeting),
            video_gen=self.renderer,
            options=in_module.AvatarSettings(320, 180, 25.0, RATE_HZ, 1),
        )
        self.voice = self.server._audio_track if in_module is theirs else self.server.audio_track
        self.loud: list[tuple[float, int]] = []

    @property
    def heard_s(self) -> float:
        return sum(count for _, count in self.loud) / RATE_HZ

    async def say(self, sound: bytes, *, end: bool = True) -> None:
        for start in range(0, len(sound), 4_800):
            await self.out.handle_audio_input(sound[start : start + 4_800])
        if end:
            await self.out.send_segment_end()

    async def until(self, holds: Callable[[], bool]) -> bool:
        deadline_s = time.monotonic() + LIMIT_S
        while not holds() and time.monotonic() < deadline_s:
            await asyncio.sleep(0.005)
        return holds()

    async def pull(self) -> None:
        while True:
            frame = await self.voice.recv()
            self.loud.append((time.monotonic(), int(np.count_nonzero(frame.to_ndarray()))))


async def with_pair(
    agent: str, worker: str, scenario: Callable[[Pair], Awaitable[dict[str, float]]], order: random.Random | None = None
) -> dict[str, float]:
    pair = Pair(agent, worker, order)
    await pair.server.start()
    pulling = asyncio.create_task(pair.pull())
    try:
        return await scenario(pair)
    finally:
        pulling.cancel()
        await asyncio.gather(pulling, return_exceptions=True)
        await pair.server.aclose()
        await pair.out.aclose()


async def pause_within_speech(pair: Pair) -> dict[str, float]:
    """V8: 0.6 s loud, 0.6 s of digital silence, 0.6 s loud."""
    await pair.say(pcm(0.6) + pcm(0.6, b"\x00\x00") + pcm(0.6))
    await pair.until(lambda: bool(pair.acks))
    return {"lost_s": 1.8 - pair.renderer.received_s, "acks": len(pair.acks), "position_s": _position(pair)}


async def back_to_back(pair: Pair) -> dict[str, float]:
    """V24: three segments of 0.2 s, one behind the other."""
    for _ in range(3):
        await pair.say(pcm(0.2))
    await pair.until(lambda: len(pair.acks) == 3)
    return {"acks": len(pair.acks), "heard_s": pair.heard_s}


async def interrupt(pair: Pair) -> dict[str, float]:
    """V22, V23: 0.3 s into 1.5 s, three times as theirs does."""
    await pair.say(pcm(1.5), end=False)
    await pair.until(lambda: pair.heard_s > 0.3)
    heard_s = pair.heard_s
    for _ in range(3):
        await pair.out.interrupt()
    await asyncio.sleep(0.5)
    return {
        "acks": len(pair.acks),
        "position_error_s": _position(pair) - heard_s,
        "heard_after_s": pair.heard_s - heard_s,
    }


async def barge_in(pair: Pair) -> dict[str, float]:
    """V15: a reply of 1 s at once after an interrupt."""
    await pair.say(pcm(1.5), end=False)
    await pair.until(lambda: pair.heard_s > 0.3)
    sent = time.monotonic()
    await pair.out.interrupt()
    await pair.until(lambda: bool(pair.acks))
    pair.renderer.received.clear()
    await pair.say(pcm(1.0))
    reply_delay_s = time.monotonic() - sent
    await pair.until(lambda: len(pair.acks) == 2)
    return {
        "acks": len(pair.acks),
        "lost_s": 1.0 - pair.renderer.received_s,
        "reply_delay_s": reply_delay_s,
    }


async def any_order(pair: Pair) -> dict[str, float]:
    """V6: 1.2 s and its end, arriving in any order."""
    pair.room.held = True
    await pair.say(pcm(1.2))
    pair.room.release()
    await pair.until(lambda: bool(pair.acks))
    return {"acks": len(pair.acks), "position_s": _position(pair)}


async def speech_faster_than_real_time(pair: Pair) -> dict[str, float]:
    """V28, V33: 3 s at once."""
    await pair.say(pcm(3.0))
    await pair.until(lambda: len(pair.acks) == 1 and pair.heard_s >= 2.99)
    return {"acks": len(pair.acks), "heard_s": pair.heard_s}


def _position(pair: Pair) -> float:
    return pair.acks[0][0] if pair.acks else float("nan")


def _answered_where_it_was_heard(got: dict[str, float]) -> bool:
    return got["acks"] == 1 and abs(got["position_error_s"]) < 0.1 and got["heard_after_s"] < 0.06


SCENARIOS = (pause_within_speech, back_to_back, interrupt, barge_in, any_order, speech_faster_than_real_time)

Judge = Callable[[dict[str, float]], bool]
# What must hold wherever the worker, or the agent, or both are ours. What theirs does by itself is shown, not judged.
EXPECTED: dict[str, dict[tuple[str, str], Judge]] = {
    "pause_within_speech": {
        ("theirs", "ours"): lambda got: abs(got["lost_s"]) < 0.001 and abs(got["position_s"] - 1.8) < 0.02,
        ("ours", "ours"): lambda got: abs(got["lost_s"]) < 0.001 and abs(got["position_s"] - 1.8) < 0.02,
        ("ours", "theirs"): lambda got: abs(got["lost_s"]) < 0.001 and abs(got["position_s"] - 1.8) < 0.02,
    },
    "back_to_back": {
        ("theirs", "ours"): lambda got: got["acks"] == 3 and abs(got["heard_s"] - 0.6) < 0.03,
        ("ours", "ours"): lambda got: got["acks"] == 3 and abs(got["heard_s"] - 0.6) < 0.03,
        ("ours", "theirs"): lambda got: got["acks"] >= 1,
    },
    "interrupt": {
        ("theirs", "ours"): lambda got: _answered_where_it_was_heard(got),
        ("ours", "ours"): lambda got: _answered_where_it_was_heard(got),
        ("ours", "theirs"): lambda got: got["acks"] == 1,
    },
    "barge_in": {
        # The limit of the wire: without marks nothing tells the reply from what was said before.
        ("theirs", "ours"): lambda got: got["acks"] == 1 and got["lost_s"] == 1.0,
        ("ours", "ours"): lambda got: got["acks"] == 2 and abs(got["lost_s"]) < 0.001 and got["reply_delay_s"] < 0.3,
        ("ours", "theirs"): lambda got: abs(got["lost_s"]) < 0.001 and got["reply_delay_s"] > 0.3,
    },
    "any_order": {
        ("ours", "ours"): lambda got: got["acks"] == 1 and abs(got["position_s"] - 1.2) < 0.02,
        ("theirs", "ours"): lambda got: got["acks"] <= 1,
        ("ours", "theirs"): lambda got: got["acks"] <= 1,
    },
    "speech_faster_than_real_time": {
        ("theirs", "ours"): lambda got: got["acks"] == 1 and abs(got["heard_s"] - 3.0) < 0.03,
        ("ours", "ours"): lambda got: got["acks"] == 1 and abs(got["heard_s"] - 3.0) < 0.03,
        ("ours", "theirs"): lambda got: got["acks"] == 1,
    },
}


def compare_signatures() -> list[str]:
    """Where a name of theirs, or one of its parameters, is not ours in the same place."""
    wrong = []
    for name in theirs.__all__:
        if not hasattr(ours, name):
            wrong.append(f"{name} is missing")
            continue
        if not inspect.isclass(getattr(theirs, name)):
            continue
        for member, found in inspect.getmembers(getattr(theirs, name), inspect.isfunction):
            own = getattr(getattr(ours, name), member, None)
            if member.startswith("_") and member not in ("__init__", "__aiter__", "_set_meeting"):
                continue
            if found.__qualname__.split(".")[0] not in theirs.__all__:
                continue
            if own is None:
                wrong.append(f"{name}.{member} is missing")
                continue
            wanted, has = (list(inspect.signature(one).parameters.values()) for one in (found, own))
            if [one.name for one in wanted] != [one.name for one in has][: len(wanted)]:
                wrong.append(
                    f"{name}.{member} takes {[one.name for one in has]}, theirs {[one.name for one in wanted]}"
                )
    return wrong


def compare_tokens() -> list[str]:
    """Whether both sign the same claims."""
    secret, claims = "s" * 32, []
    for module in SIDES.values():
        made = module.generate_avatar_credentials("key", secret, participant_id="face", ttl_seconds=60)
        claims.append(jwt.decode(made.token, secret, algorithms=["HS256"]))
        claims[-1]["exp"] -= claims[-1].pop("iat")
    return [] if claims[0] == claims[1] else [f"claims differ: {claims}"]


async def their_tee_with_our_end() -> list[str]:
    """Their tee track with our AvatarAudioOut as a sink, to a worker of theirs."""
    heard: dict[str, float] = {}

    async def tee(pair: Pair) -> dict[str, float]:
        track = TeeCustomAudioStreamTrack(asyncio.get_running_loop(), sinks=[pair.out])
        await track.add_new_bytes(pcm(0.5))
        await pair.out.send_segment_end()
        await pair.until(lambda: bool(pair.acks))
        heard["s"] = pair.renderer.received_s
        return heard

    await with_pair("ours", "theirs", tee)
    return [] if abs(heard["s"] - 0.5) < 0.001 else [f"of 0.5 s given to their tee {heard['s']:.2f} s were heard"]


def table(results: dict[str, dict[tuple[str, str], dict[str, float]]]) -> str:
    lines = ["| scenario | measured | " + " | ".join(f"{a} → {w}" for a, w in PAIRS) + " |", "|---|---|" + "---|" * 4]
    for name, by_pair in results.items():
        for key in next(iter(by_pair.values())):
            values = " | ".join(f"{by_pair[pair][key]:.3g}" for pair in PAIRS)
            lines.append(f"| {name.replace('_', ' ')} | {key} | {values} |")
    return "\n".join(lines)


async def run() -> int:
    errors = Errors()
    logging.getLogger("videosdk.agents").addHandler(errors)
    wrong = compare_signatures() + compare_tokens()
    results: dict[str, dict[tuple[str, str], dict[str, float]]] = {}
    for scenario in SCENARIOS:
        name = scenario.__name__
        results[name] = {}
        for pair in PAIRS:
            order = random.Random(7) if scenario is any_order else None
            got = results[name][pair] = await with_pair(*pair, scenario, order)
            judge = EXPECTED[name].get(pair)
            if judge is not None and not judge(got):
                wrong.append(f"{name}, {pair[0]} → {pair[1]}: {json.dumps(got)}")
    for name in ("pause_within_speech", "back_to_back", "interrupt", "barge_in"):
        if EXPECTED[name]["ours", "ours"](results[name]["theirs", "theirs"]):
            wrong.append(f"{name}: what theirs gets wrong was not noticed")
    wrong += await their_tee_with_our_end()
    wrong += [f"videosdk-agents logged: {said}" for said in errors.said]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("videosdk-agents", "videosdk", "av"))
    print(f"Python {sys.version.split()[0]}, {versions}\n\n{table(results)}\n")
    print("\n".join(f"WRONG: {one}" for one in wrong) or "All as expected.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
