"""When the next frame of a track is due, and its timestamp. No media."""

from avatar_core.clock import Clock

_STALL_S = 0.2


class FramePacer:
    """Due times counted in samples from an anchor, so that no rounding and no late wake-up adds up (PROTOCOLS O2).

    A reader that comes late catches up at once; one later than 0.2 s is a stall: the anchor moves, `stalls` counts.
    Timestamps run on by samples whatever the clock did.
    """

    def __init__(self, sample_rate_hz: int, frame_samples: int, clock: Clock) -> None:
        self.stalls = 0
        self.next_pts = 0
        self._rate_hz = sample_rate_hz
        self._frame_samples = frame_samples
        self._clock = clock
        self._anchor_s: float | None = None
        self._paced = 0

    @property
    def due_s(self) -> float | None:
        """When the next frame is due, which is when the last one has been heard; None before the first."""
        return None if self._anchor_s is None else self._anchor_s + self._paced / self._rate_hz

    async def wait(self) -> None:
        """Return when the next frame is due: the first at once. Cancelled, it has taken nothing."""
        if self._anchor_s is None:
            self._anchor_s = self._clock.now()
        # Asked again after each wait: another reader may have taken that frame.
        while (due_s := self._anchor_s + self._paced / self._rate_hz) > self._clock.now():
            await self._clock.sleep_until(due_s)
        late_s = self._clock.now() - due_s
        if late_s > _STALL_S:
            self._anchor_s += late_s
            self.stalls += 1
        self._paced += self._frame_samples

    def stamp(self) -> int:
        """The timestamp of the next frame in samples, from 0 on."""
        pts = self.next_pts
        self.next_pts += self._frame_samples
        return pts
