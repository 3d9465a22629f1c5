"""A participant of benchmarks/room.py in a process of its own: one publisher, or some subscribers.

It reads its configuration and then commands as JSON lines from stdin, and answers each with one on stdout. All times
are of the monotonic clock, which the processes of one machine share.
"""

import argparse
import asyncio
import json
import struct
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from livekit import rtc

WIDTH, HEIGHT, FPS = 1280, 720, 30
VIDEO_BPS = 2_000_000
SAMPLE_RATE_HZ, FRAME_SAMPLES = 48_000, 480
EVENT_FRAMES = 15
"""A flash every 15 video frames and a beep every 500 ms."""
FLASH_FRAMES, BEEP_FRAMES = 4, 5
GRAIN = 16
DATA_INTERVAL_S = 0.05
STREAM_TOPIC = "benchmark"
_STAMP = struct.Struct("!d")


class Publisher:
    """Shows a moving pattern that flashes, says beeps, and sends stamped data."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._room = rtc.Room()
        self._video = rtc.VideoSource(WIDTH, HEIGHT)
        self._audio = rtc.AudioSource(SAMPLE_RATE_HZ, 1, queue_size_ms=50)
        self._flashes_s: list[float] = []
        self._beeps_s: list[float] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._sends_data = True

    async def start(self) -> None:
        await self._room.connect(self._config["url"], self._config["tokens"][0], room_options(self._config))
        video = rtc.LocalVideoTrack.create_video_track("camera", self._video)
        audio = rtc.LocalAudioTrack.create_audio_track("microphone", self._audio)
        await self._room.local_participant.publish_track(
            video,
            rtc.TrackPublishOptions(
                source=rtc.TrackSource.SOURCE_CAMERA,
                simulcast=False,
                video_codec=rtc.VideoCodec.VP8,
                video_encoding=rtc.VideoEncoding(max_bitrate=VIDEO_BPS, max_framerate=FPS),
            ),
        )
        await self._room.local_participant.publish_track(
            audio, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        )
        self._tasks = [asyncio.create_task(part()) for part in (self._show, self._speak, self._send_data)]

    async def _show(self) -> None:
        # Seeded, so that every run encodes the same pictures. The grain is what takes the whole bitrate.
        random = np.random.default_rng(1)
        texture = random.integers(40, 200, (HEIGHT // 16, WIDTH // 16), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
        planes = [
            np.roll(texture, (3 * step, 5 * step), (0, 1)) + random.integers(0, GRAIN, texture.shape, dtype=np.uint8)
            for step in range(30)
        ]
        chroma = bytes([128]) * (WIDTH * HEIGHT // 2)
        begin_s = time.monotonic()
        number = 0
        while True:
            luma = planes[number % len(planes)]
            is_flash = number % EVENT_FRAMES < FLASH_FRAMES
            luma[: HEIGHT // 5, : HEIGHT // 5] = 235 if is_flash else 16
            frame = rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.I420, luma.tobytes() + chroma)
            if number % EVENT_FRAMES == 0:
                self._flashes_s.append(time.monotonic())
            self._video.capture_frame(frame)
            number += 1
            await asyncio.sleep(max(0.0, begin_s + number / FPS - time.monotonic()))

    async def _speak(self) -> None:
        wave = np.sin(np.arange(FRAME_SAMPLES) * 2 * np.pi * 1000 / SAMPLE_RATE_HZ) * 16_000
        beep, silence = wave.astype(np.int16).tobytes(), bytes(2 * FRAME_SAMPLES)
        number = 0
        while True:
            is_beep = number % 50 < BEEP_FRAMES
            if number % 50 == 0:
                self._beeps_s.append(time.monotonic())
            data = beep if is_beep else silence
            await self._audio.capture_frame(rtc.AudioFrame(data, SAMPLE_RATE_HZ, 1, FRAME_SAMPLES))
            number += 1

    async def _send_data(self) -> None:
        reliable = True
        while True:
            await asyncio.sleep(DATA_INTERVAL_S)
            if self._sends_data:
                topic = "reliable" if reliable else "lossy"
                payload = _STAMP.pack(time.monotonic()) + bytes(92)
                await self._room.local_participant.publish_data(payload, reliable=reliable, topic=topic)
                reliable = not reliable

    async def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        match command["do"]:
            case "reset":
                self._flashes_s.clear()
                self._beeps_s.clear()
                return {}
            case "report":
                return {"flashes_s": self._flashes_s, "beeps_s": self._beeps_s}
            case "stream":
                self._sends_data = False
                begin_s = time.monotonic()
                writer = await self._room.local_participant.stream_bytes(
                    "stream", topic=STREAM_TOPIC, destination_identities=[command["to"]], total_size=command["bytes"]
                )
                await writer.write(bytes(command["bytes"]))
                await writer.aclose()
                self._sends_data = True
                return {"begin_s": begin_s}
            case other:
                raise ValueError(f"unknown command {other}")

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._room.disconnect()


class Subscriber:
    """Takes both tracks; with `decodes` it looks for flashes and beeps and reads streams."""

    def __init__(self, config: dict[str, Any], token: str) -> None:
        self._config = config
        self._token = token
        self._room = rtc.Room()
        self._tracks: list[rtc.Track] = []
        self._subscribed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._flashes_s: list[float] = []
        self._beeps_s: list[float] = []
        self._data_ms: dict[str, list[float]] = {"reliable": [], "lossy": []}
        self._frames = 0
        self._stream_end_s: asyncio.Queue[float] = asyncio.Queue()
        self._counters: tuple[float, int, int] = (0.0, 0, 0)

    async def start(self) -> None:
        self._room.on("track_subscribed", self._take)
        self._room.on("data_received", self._receive)
        self._room.register_byte_stream_handler(STREAM_TOPIC, self._read)
        await self._room.connect(self._config["url"], self._token, room_options(self._config))
        await self._subscribed.wait()

    def _take(self, track: rtc.Track, *_: object) -> None:
        self._tracks.append(track)
        if self._config["decodes"]:
            watch = self._watch if track.kind == rtc.TrackKind.KIND_VIDEO else self._listen
            self._tasks.append(asyncio.create_task(watch(track)))
        if len(self._tracks) == 2:
            self._subscribed.set()

    async def _watch(self, track: rtc.Track) -> None:
        was_bright = False
        async for event in rtc.VideoStream(track):
            now_s = time.monotonic()
            self._frames += 1
            frame = event.frame
            luma = np.frombuffer(frame.data, np.uint8, frame.width * frame.height).reshape(frame.height, frame.width)
            is_bright = bool(luma[: frame.height // 6 : 4, : frame.height // 6 : 4].mean() > 128)
            if is_bright and not was_bright:
                self._flashes_s.append(now_s)
            was_bright = is_bright

    async def _listen(self, track: rtc.Track) -> None:
        silent_frames = 0
        async for event in rtc.AudioStream(track, sample_rate=SAMPLE_RATE_HZ, num_channels=1):
            loudest = np.abs(np.frombuffer(event.frame.data, np.int16)).max()
            if loudest < 2000:
                silent_frames += 1
                continue
            if silent_frames > 10:
                self._beeps_s.append(time.monotonic())
            silent_frames = 0

    def _receive(self, packet: rtc.DataPacket) -> None:
        (sent_s,) = _STAMP.unpack_from(packet.data)
        self._data_ms[packet.topic or ""].append((time.monotonic() - sent_s) * 1000)

    def _read(self, reader: rtc.ByteStreamReader, _identity: str) -> None:
        async def read() -> None:
            async for _ in reader:
                pass
            self._stream_end_s.put_nowait(time.monotonic())

        self._tasks.append(asyncio.create_task(read()))

    async def _received(self) -> tuple[float, int, int]:
        """Now, and the packets and bytes received so far on both tracks."""
        packets = octets = 0
        for track in self._tracks:
            for part in await track.get_stats():
                if part.HasField("inbound_rtp"):
                    packets += part.inbound_rtp.received.packets_received
                    octets += part.inbound_rtp.inbound.bytes_received
        return time.monotonic(), packets, octets

    async def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        match command["do"]:
            case "reset":
                for samples in (self._flashes_s, self._beeps_s, *self._data_ms.values()):
                    samples.clear()
                self._frames = 0
                self._counters = await self._received()
                return {}
            case "report":
                before_s, packets, octets = self._counters
                now_s, packets_now, octets_now = await self._received()
                return {
                    "flashes_s": self._flashes_s,
                    "beeps_s": self._beeps_s,
                    "data_ms": self._data_ms,
                    "fps": self._frames / (now_s - before_s),
                    "packets_per_s": (packets_now - packets) / (now_s - before_s),
                    "kbps": (octets_now - octets) * 8 / 1000 / (now_s - before_s),
                }
            case "stream end":
                return {"end_s": await self._stream_end_s.get()}
            case other:
                raise ValueError(f"unknown command {other}")

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._room.disconnect()


def room_options(config: dict[str, Any]) -> rtc.RoomOptions:
    return rtc.RoomOptions(single_peer_connection=config["single"])


async def serve(
    parts: list[Publisher] | list[Subscriber], read_line: Callable[[], Awaitable[bytes]], say: Callable[[object], None]
) -> None:
    """Start all, then answer each command with the list of what every part said to it, until stdin ends."""
    try:
        await asyncio.gather(*(part.start() for part in parts))
        say("ready")
        while line := await read_line():
            command = json.loads(line)
            say(await asyncio.gather(*(part.obey(command) for part in parts)))
    finally:
        await asyncio.gather(*(part.aclose() for part in parts))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=["publisher", "subscriber"])
    role = parser.parse_args().role
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    config = json.loads(await reader.readline())
    parts: list[Any] = (
        [Publisher(config)] if role == "publisher" else [Subscriber(config, token) for token in config["tokens"]]
    )
    await serve(parts, reader.readline, lambda answer: print(json.dumps(answer), flush=True))


if __name__ == "__main__":
    asyncio.run(main())
