"""The base of leaves that are told nothing: speech leaves in time, and what was heard is reckoned by the clock."""

import asyncio
from abc import abstractmethod
from collections import deque
from dataclasses import dataclass

from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.media.resampler import remix
from avatar_core.playback.contract import OutputCapabilities
from avatar_core.playback.segment import SegmentRef
from avatar_core.playback.segmented import SegmentedOutput

_PIECE_S = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Sound that was sent, `offset_s` into its segment: when it is heard, on the player's own clock.

    One without a duration is the end of the segment.
    """

    ref: SegmentRef
    starts_s: float
    duration_s: float = 0.0
    offset_s: float = 0.0


class ReckonedOutput(SegmentedOutput):
    """Plays in real time what `_send` was given, as far as it knows: mono, no sooner than `ahead_s` before it is due.

    A subclass says how speech is sent, and what `_tell_*` mean to whoever takes it. Where that one can pause, its
    clock stands still meanwhile; else it plays on what it was sent, and is sent no more.
    """

    def __init__(
        self,
        *,
        label: str,
        sample_rate_hz: int,
        capabilities: OutputCapabilities,
        ahead_s: float,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(label=label, sample_rate_hz=sample_rate_hz, capabilities=capabilities, clock=clock)
        self._ahead_s = ahead_s
        self._pieces: deque[_Piece] = deque()
        self._sent_s: dict[SegmentRef, float] = {}
        # On the player's own clock, which stands still while it is paused.
        self._ends_s = 0.0
        self._paused_s = 0.0
        self._paused_at_s: float | None = None
        self._running = asyncio.Event()
        self._running.set()
        self._clears = 0
        self._sent = asyncio.Event()
        self._player: asyncio.Task[None] | None = None

    @abstractmethod
    async def _send(self, samples: Samples, sample_rate_hz: int) -> None:
        """Hand over mono sound [samples, 1]; PlaybackError where it is refused."""

    def _tell_end(self) -> None:
        """The segment ends behind what was sent."""

    @abstractmethod
    def _tell_stop(self) -> None:
        """What was sent and is not heard yet must not be heard any more."""

    def _tell_pause(self) -> bool:
        """Stand still; False where it cannot."""
        return False

    def _tell_resume(self) -> None:
        """Go on."""

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Send a frame once it is near enough. A clear meanwhile drops the rest of it."""
        clears = self._clears
        record = self._account(frame, segment)
        samples = remix(frame.samples, 1)
        step = round(_PIECE_S * frame.sample_rate_hz)
        for piece in (samples[first : first + step] for first in range(0, len(samples), step)):
            await self._until(self._ends_s - self._ahead_s)
            await self._running.wait()
            if clears != self._clears or record.finished or self._closed:
                return
            self._reckon_sound(record.ref, len(piece) / frame.sample_rate_hz)
            await self._send(piece, frame.sample_rate_hz)

    def flush(self) -> None:
        """End the segment; it finishes when its last sound is due to have been heard."""
        record = self._capturing
        super().flush()
        if record is not None and not record.finished:
            self._tell_end()
            self._reckon(_Piece(record.ref, max(self._now(), self._ends_s)))

    def clear_buffer(self) -> None:
        """Stop at once; all that is pending is answered with what is due to have been heard."""
        self._clears += 1
        now_s = self._now()
        pending, self._ends_s = tuple(self._pending.values()), now_s
        if self._pieces and self._pieces[0].starts_s < now_s:
            self._progress(self._pieces[0], min(self._pieces[0].duration_s, now_s - self._pieces[0].starts_s))
        self._pieces.clear()
        if self._player is not None:
            self._player.cancel()
            self._player = None
        if pending:
            self._tell_stop()
        for record in pending:
            self.on_playback_finished(playback_position=record.position_s, interrupted=True, segment=record.ref)

    def pause(self) -> None:
        """Send no more, and stand still where that is possible. Refused where it was not promised."""
        if not self.capabilities.pause:
            super().pause()
        self._running.clear()
        if self._tell_pause() and self._paused_at_s is None:
            self._paused_at_s = self._clock.now()

    def resume(self) -> None:
        """Go on."""
        if not self._running.is_set():
            self._tell_resume()
            self._go_on()

    async def aclose(self) -> None:
        """Finish what is pending as interrupted; harmless twice."""
        self.clear_buffer()
        self._go_on()
        await super().aclose()

    def _now(self) -> float:
        """The player's own clock."""
        return (self._clock.now() if self._paused_at_s is None else self._paused_at_s) - self._paused_s

    def _go_on(self) -> None:
        if self._paused_at_s is not None:
            self._paused_s += self._clock.now() - self._paused_at_s
            self._paused_at_s = None
        self._running.set()

    def _reckon_sound(self, ref: SegmentRef, duration_s: float) -> None:
        starts_s = max(self._now(), self._ends_s)
        self._ends_s = starts_s + duration_s
        offset_s = self._sent_s.get(ref, 0.0)
        self._sent_s = {ref: offset_s + duration_s}
        self._reckon(_Piece(ref, starts_s, duration_s, offset_s))

    def _reckon(self, piece: _Piece) -> None:
        self._pieces.append(piece)
        self._sent.set()
        if self._player is None:
            self._player = self._tasks.spawn(self._play(), name=f"{self.label} plays")

    async def _play(self) -> None:
        """Tell of each piece when it is due to have been heard."""
        while True:
            while not self._pieces:
                self._sent.clear()
                await self._sent.wait()
            piece = self._pieces[0]
            await self._until(piece.starts_s)
            if self._is_next(piece) and piece.duration_s and not piece.offset_s:
                self.on_playback_started(segment=piece.ref)
            await self._until(piece.starts_s + piece.duration_s)
            if not self._is_next(piece):
                continue
            self._pieces.popleft()
            if piece.duration_s:
                self._progress(piece, piece.duration_s)
            elif (record := self._pending.get(piece.ref)) is not None:
                self.on_playback_finished(playback_position=record.pushed_s, interrupted=False, segment=piece.ref)

    def _is_next(self, piece: _Piece) -> bool:
        """Whether that piece is still to be heard: a clear may have come meanwhile."""
        return bool(self._pieces) and self._pieces[0] is piece

    def _progress(self, piece: _Piece, duration_s: float) -> None:
        if duration_s and piece.ref in self._pending:
            started_at = self._clock.now() - duration_s
            self.on_playback_progressed(
                started_at=started_at, offset=piece.offset_s, duration=duration_s, segment=piece.ref
            )

    async def _until(self, time_s: float) -> None:
        """Until the player's own clock shows `time_s`."""
        while (left_s := time_s - self._now()) > 0:
            if self._paused_at_s is not None:
                await self._running.wait()
            else:
                await self._clock.sleep_until(self._clock.now() + left_s)
