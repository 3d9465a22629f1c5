"""The fake session's curves and pictures: synthetic, seeded, and the same for the same moment of the clock."""

import numpy as np
from numpy.typing import NDArray

from avatar_core.bench.contract import PreviewFrame
from avatar_core.clock import Clock

SAMPLE_PERIOD_S = 0.05
FRAME_RATE = 25.0
SLOTS = 3


class FakeCurves:
    """Smooth wander plus noise, a function of the sample number alone."""

    def __init__(self, seed: int) -> None:
        rough = np.random.default_rng(seed).normal(size=4096)
        # Measured curves wander from sample to sample; they do not jump.
        self._noise = np.convolve(rough, np.hanning(7) / 2.0, mode="same")

    def times(self, since_s: float, until_s: float) -> NDArray[np.float64]:
        """The sample times from `since_s` to `until_s`, (n,), on a grid that does not move."""
        first, last = int(np.ceil(since_s / SAMPLE_PERIOD_S)), int(np.floor(until_s / SAMPLE_PERIOD_S))
        return np.arange(first, max(first, last + 1), dtype=np.float64) * SAMPLE_PERIOD_S

    def wander(self, time_s: NDArray[np.float64], centre: float, swing: float, noise: float) -> NDArray[np.float64]:
        """A curve (n,) around `centre`; `swing` and `noise` in its unit."""
        number = np.rint(time_s / SAMPLE_PERIOD_S).astype(np.int64)
        slow = np.sin(time_s * 0.61) + 0.6 * np.sin(time_s * 0.23 + centre) + 0.4 * np.sin(time_s * 1.7)
        curve: NDArray[np.float64] = centre + swing * slow / 2 + noise * self._noise[number % self._noise.size]
        return curve

    def sawtooth(self, time_s: NDArray[np.float64], high: float, period_s: float) -> NDArray[np.float64]:
        """A buffer (n,) that is filled to `high` once a period and drains evenly."""
        return high * (1.0 - (time_s % period_s) / period_s)


class FakePreview:
    """A drawn face whose mouth moves while `speaking`; three slots, the newest wins. A PreviewReader."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started_s = clock.now()
        self._size = (640, 360)
        self._backdrop: NDArray[np.uint8] | None = None
        self._slots: list[NDArray[np.uint8]] = []
        self.running = False
        self.speaking = False
        self.dropped = 0
        self.released = 0

    def latest(self, after_sequence: int) -> PreviewFrame | None:
        """The picture due now, if it is newer; those nobody asked for count as dropped."""
        now_s = self._clock.now()
        sequence = int((now_s - self._started_s) * FRAME_RATE) + 1
        if not self.running or sequence <= after_sequence:
            return None
        if after_sequence > 0:
            self.dropped += sequence - after_sequence - 1
        pixels = self._draw(sequence)
        height_px, width_px = pixels.shape[:2]
        return PreviewFrame(sequence, width_px, height_px, width_px * 4, now_s, pixels.data.cast("B"))

    def request_preview_size(self, width_px: int, height_px: int) -> None:
        """Draw into this box from now on, 16:9."""
        width_px = max(16, min(width_px, height_px * 16 // 9))
        if self._size != (width_px, width_px * 9 // 16):
            self._size = (width_px, width_px * 9 // 16)
            self._backdrop = None

    def release(self) -> None:
        """Counted, so that a test can see that the window let go."""
        self.released += 1

    def _draw(self, sequence: int) -> NDArray[np.uint8]:
        width_px, height_px = self._size
        if self._backdrop is None:
            self._backdrop = _draw_backdrop(width_px, height_px)
            self._slots = [np.empty_like(self._backdrop) for _ in range(SLOTS)]
        frame = self._slots[sequence % SLOTS]
        np.copyto(frame, self._backdrop)
        opening = 0.012 + (0.05 * abs(np.sin(sequence * 0.9)) if self.speaking else 0.0)
        _fill_ellipse(frame, (0.5, 0.64), (0.05, opening), (56, 40, 120))
        frame[-max(2, height_px // 90) :, : int(width_px * (sequence % 100) / 100)] = (242, 184, 92, 255)
        return frame


def _draw_backdrop(width_px: int, height_px: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:height_px, 0:width_px] / height_px
    glow = np.exp(-(((x - 0.55) ** 2 + (y - 0.3) ** 2) / 0.5))
    frame = np.empty((height_px, width_px, 4), dtype=np.uint8)
    for channel, (low, high) in enumerate(((38, 128), (30, 104), (24, 72))):
        frame[..., channel] = low + (high - low) * glow
    frame[..., 3] = 255
    _fill_ellipse(frame, (0.5, 1.12), (0.34, 0.33), (134, 120, 46))
    _fill_ellipse(frame, (0.5, 0.5), (0.165, 0.40), (36, 50, 92))
    _fill_ellipse(frame, (0.5, 0.82), (0.07, 0.16), (120, 160, 214))
    _fill_ellipse(frame, (0.5, 0.52), (0.13, 0.30), (142, 182, 236))
    for eye_x in (0.45, 0.55):
        _fill_ellipse(frame, (eye_x, 0.46), (0.022, 0.022), (250, 250, 250))
        _fill_ellipse(frame, (eye_x, 0.46), (0.010, 0.018), (84, 110, 52))
    return frame


def _fill_ellipse(
    frame: NDArray[np.uint8], centre: tuple[float, float], radius: tuple[float, float], bgr: tuple[int, int, int]
) -> None:
    height_px, width_px = frame.shape[:2]
    left, right = int((centre[0] - radius[0]) * width_px), int((centre[0] + radius[0]) * width_px) + 1
    top, bottom = int((centre[1] - radius[1]) * height_px), int((centre[1] + radius[1]) * height_px) + 1
    left, top, right, bottom = max(0, left), max(0, top), min(width_px, right), min(height_px, bottom)
    y, x = np.mgrid[top:bottom, left:right]
    reach_x, reach_y = (x / width_px - centre[0]) / radius[0], (y / height_px - centre[1]) / radius[1]
    frame[top:bottom, left:right, :3][reach_x**2 + reach_y**2 <= 1.0] = bgr
