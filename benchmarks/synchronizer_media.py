"""What the synchronizer benchmark plays and what it looks at; numpy alone, so that it runs in any peer's environment.

Every picture carries its number in its pixels, every sample in its value, so that what left is known without clocks.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FPS = 30
RATE_HZ = 48_000
SAMPLES = RATE_HZ // FPS
TICK_S = 0.01
TICK = RATE_HZ // 100
_BITS = 16
_OURS = 1 << 15
AGAIN = 2_000
"""Numbers of what comes after the interrupt."""

clock = time.monotonic


class Pictures:
    """I420 pictures [height * 3 / 2, width], one object each."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        rows = np.linspace(40, 200, height, dtype=np.uint8)[:, np.newaxis]
        self._plain = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
        self._plain[:height] = rows

    def picture(self, number: int) -> Any:
        pixels = self._plain.copy()
        for bit in range(_BITS):
            pixels[:8, bit * 8 : bit * 8 + 8] = 235 if (number | _OURS) >> bit & 1 else 16
        return pixels


def number_of(pixels: Any) -> int:
    """The number of a picture whose luma comes first; -1 for one that is not of ours."""
    number = sum(1 << bit for bit in range(_BITS) if pixels[4, bit * 8 + 4] > 125)
    return number ^ _OURS if number & _OURS else -1


def sound(number: int) -> Any:
    """The sound of one picture's time: its number plus one, in every sample."""
    return np.full(SAMPLES, number + 1, dtype=np.int16)


@dataclass
class Item:
    """Due `due_s` after the start: a picture ("v"), or its sound ("a"); "block", "interrupt" are what they say."""

    due_s: float
    kind: str
    number: int = 0


def schedule(scenario: str, media_s: float) -> list[Item]:
    """What a generator brings, in order, and when: the picture first."""
    count = round(media_s * FPS)

    def even(speed: float, *, numbers: range = range(count), start_s: float = 0.0) -> list[Item]:
        pairs = [(start_s + index / FPS / speed, number) for index, number in enumerate(numbers)]
        return [Item(due_s, kind, number) for due_s, number in pairs for kind in "va"]

    if scenario == "rt":
        return even(1.0)
    if scenario == "fast":
        return even(1.5)
    if scenario == "slow":
        return even(0.8)
    if scenario == "burst":
        return even(4.0)
    if scenario == "starve":
        return [Item(one.due_s + 0.5 * (one.number // (3 * FPS)), one.kind, one.number) for one in even(1.0)]
    if scenario == "split":
        late = [Item(one.due_s + (2.0 if one.kind == "v" else 0.0), one.kind, one.number) for one in even(1.0)]
        return sorted(late, key=lambda one: (one.due_s, one.kind == "a"))
    if scenario == "block":
        items = even(1.0)
        return [*items[: 10 * FPS], Item(5.0, "block"), *items[10 * FPS :]]
    if scenario == "stall":
        return [Item(max(one.due_s, 5.4) if one.due_s > 5.0 else one.due_s, one.kind, one.number) for one in even(1.0)]
    if scenario == "interrupt":
        before = [one for one in even(1.5) if one.due_s < 5.0]
        after = even(1.0, numbers=range(AGAIN, AGAIN + 4 * FPS), start_s=5.1)
        return [*before, Item(5.0, "interrupt"), *after]
    raise ValueError(scenario)


@dataclass
class Left:
    """What left, and when: stretches of sound, and pictures by number."""

    sound: list[tuple[float, Any]] = field(default_factory=list)
    pictures: list[tuple[float, int]] = field(default_factory=list)
    interrupted_s: float | None = None

    def heard(self) -> dict[int, float]:
        """When the first sample of each number left."""
        first: dict[int, float] = {}
        for at_s, samples in self.sound:
            starts = np.flatnonzero(np.diff(samples, prepend=samples[0] - 1))
            for start in starts:
                if samples[start]:
                    first.setdefault(int(samples[start]) - 1, at_s + start / RATE_HZ)
        return first

    def loud_until_s(self) -> float:
        """When the last sound that is none of silence left, as far as the last two seconds go."""
        return next((at_s for at_s, samples in reversed(self.sound[-200:]) if samples.any()), 0.0)

    def shown(self) -> dict[int, float]:
        """When each picture was first shown."""
        first: dict[int, float] = {}
        for at_s, number in self.pictures:
            if number >= 0:
                first.setdefault(number, at_s)
        return first

    def figures(self, brought: set[int]) -> dict[str, float]:
        """Offsets (+ = picture late) in ms, and what became of the rest."""
        heard, shown = self.heard(), self.shown()
        both = sorted(number for number in heard if number in shown)
        offsets = {number: 1000 * (shown[number] - heard[number]) for number in both}
        values = np.array([offsets[number] for number in both]) if both else np.array([np.nan])
        last = [offsets[number] for number in both if number % FPS == 0][-5:]
        samples = np.concatenate([samples for _, samples in self.sound]) if self.sound else np.zeros(0, np.int16)
        loud = np.flatnonzero(samples)
        spoken = samples[loud[0] : loud[-1] + 1] if loud.size else samples
        expected = {number for number in brought if self.interrupted_s is None or number >= AGAIN}
        times = [at_s for at_s, _ in self.pictures]
        found = {
            "offset_p50": float(np.median(values)),
            "offset_p99": float(np.percentile(np.abs(values), 99)),
            "last5": float(np.median(last)) if last else float("nan"),
            "slope": 60 * float(np.polyfit([heard[number] for number in both], values, 1)[0]) if len(both) > 2 else 0.0,
            "pictures_lost": float(len(expected - shown.keys())),
            "sound_lost_ms": 1000
            * (len(expected) / FPS - np.count_nonzero(np.isin(samples, [n + 1 for n in expected])) / RATE_HZ),
            "repeated": float(len(self.pictures) - len(shown)),
            "silence_ms": 1000 * float(np.count_nonzero(spoken == 0)) / RATE_HZ,
            "fps": (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0,
        }
        if self.interrupted_s is not None:
            old = [
                np.count_nonzero((samples > 0) & (samples <= AGAIN))
                for at_s, samples in self.sound
                if at_s >= self.interrupted_s
            ]
            found["stale_sound_ms"] = 1000 * float(sum(old)) / RATE_HZ
            late = [number for number, at_s in shown.items() if number < AGAIN and at_s >= self.interrupted_s]
            found["stale_pictures"] = float(len(late))
        return found


class SourceQueue:
    """LiveKit's audio source as far as time goes: a queue that gives out 10 ms every 10 ms, whatever the loop does.

    `capture` waits while more than `queue_s` are in it.
    """

    def __init__(self, left: Left, queue_s: float) -> None:
        self._left = left
        self._queue_s = queue_s
        self._waiting: deque[Any] = deque()
        self._count = 0
        self._next_s = clock() + TICK_S

    async def capture(self, samples: Any) -> None:
        self._advance()
        self._waiting.append(samples)
        self._count += len(samples)
        while (over_s := self._count / RATE_HZ - self._queue_s) > 0:
            await asyncio.sleep(over_s)
            self._advance()

    @property
    def queued_s(self) -> float:
        self._advance()
        return self._count / RATE_HZ

    def clear(self) -> None:
        self._advance()
        self._waiting.clear()
        self._count = 0

    def finish(self) -> None:
        self._advance()

    def _advance(self) -> None:
        now_s = clock()
        while self._next_s <= now_s:
            taken, wanted = [], TICK
            while self._waiting and wanted:
                part = self._waiting.popleft()
                if len(part) > wanted:
                    self._waiting.appendleft(part[wanted:])
                    part = part[:wanted]
                taken.append(part)
                wanted -= len(part)
            self._count -= TICK - wanted
            taken.append(np.zeros(wanted, dtype=np.int16))
            self._left.sound.append((self._next_s, np.concatenate(taken)))
            self._next_s += TICK_S
