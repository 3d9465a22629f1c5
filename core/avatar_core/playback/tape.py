"""The captured speech of one segment that may still be needed: what is not sent yet, and what was sent but may not
have been played. Values only; who sends, and how much is kept in all, is the proxy's matter.
"""

from collections import deque

from avatar_core.media.frames import AudioFrame

_NEGLIGIBLE_S = 1e-6
"""Less than a sample at any rate: what sums of floats leave over."""


class Tape:
    """Frames in order with a mark between sent and not sent; positions are seconds from the segment's beginning."""

    def __init__(self) -> None:
        self._sent: deque[AudioFrame] = deque()
        self._unsent: deque[AudioFrame] = deque()
        self._kept_s = 0.0
        self._mark_s = 0.0

    @property
    def kept_s(self) -> float:
        """Seconds sent and still kept."""
        return self._kept_s

    @property
    def mark_s(self) -> float:
        """The position up to which frames were sent."""
        return self._mark_s

    @property
    def mark_to_end_s(self) -> float:
        """Seconds not sent yet, from the mark to the end."""
        return sum(frame.duration_s for frame in self._unsent)

    def append(self, frame: AudioFrame) -> None:
        """Add the frame captured last."""
        self._unsent.append(frame)

    def retract(self, frame: AudioFrame) -> bool:
        """Take back a frame that was not sent after all; says whether it was still there."""
        for index, candidate in enumerate(self._unsent):
            if candidate is frame:
                del self._unsent[index]
                return True
        return False

    def next_unsent(self) -> AudioFrame | None:
        """The frame to send next; it stays until `mark_sent`."""
        return self._unsent[0] if self._unsent else None

    def mark_sent(self) -> None:
        """Move the mark behind the next frame."""
        frame = self._unsent.popleft()
        self._sent.append(frame)
        self._kept_s += frame.duration_s
        self._mark_s += frame.duration_s

    def forget(self, duration_s: float) -> float:
        """Let go of the oldest sent frames worth at least `duration_s`, if there are so many; returns the seconds."""
        before_s = self._kept_s
        while self._sent and before_s - self._kept_s < duration_s:
            self._kept_s -= self._sent.popleft().duration_s
        return before_s - self._kept_s

    def rewind(self, position_s: float) -> float:
        """Make what was sent from `position_s` on unsent again and forget what lies before.

        Returns the seconds from `position_s` to the first frame still kept: they cannot be sent again.
        """
        while self._sent and self._mark_s - position_s > _NEGLIGIBLE_S:
            frame = self._sent.pop()
            begins_s = self._mark_s - frame.duration_s
            played = round((position_s - begins_s) * frame.sample_rate_hz)
            if played > 0:
                frame = AudioFrame(frame.samples[played:], frame.sample_rate_hz)
            if frame.samples_per_channel:
                self._unsent.appendleft(frame)
                self._mark_s -= frame.duration_s
            if played > 0:
                break
        self._sent.clear()
        self._kept_s = 0.0
        missing_s = self._mark_s - position_s
        return missing_s if missing_s > 1 / 8_000 else 0.0

    def forget_sent(self) -> None:
        """Let go of everything sent; the mark stays."""
        self._sent.clear()
        self._kept_s = 0.0

    def clear(self) -> None:
        """Let go of everything."""
        self._unsent.clear()
        self.forget_sent()
