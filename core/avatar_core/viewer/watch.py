"""Everything a viewer gets of one participant while it is there: its tracks are read and probed until it leaves."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from avatar_core.errors import RoomError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.metrics.offset import OffsetPairing, OffsetSample
from avatar_core.room.connection import RoomConnection
from avatar_core.room.receiving import FrameReader
from avatar_core.room.values import Publication, TrackKind
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup
from avatar_core.viewer.audio_probe import AudioProbe
from avatar_core.viewer.recollection import Recollection
from avatar_core.viewer.video_probe import VideoProbe

_log = logging.getLogger(__name__)

SAMPLE_RATE_HZ = 48_000


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The first frame seen or the first sound heard."""

    kind: TrackKind
    at_s: float


@dataclass(frozen=True, slots=True)
class Audibility:
    """The participant became audible or silent at `at_s`."""

    audible: bool
    at_s: float


@dataclass(frozen=True, slots=True)
class Loudness:
    """Of one frame of 10 ms, in dBFS."""

    rms_dbfs: float
    peak_dbfs: float


class Watch:
    """Owned by the viewer, one per stay of a participant: whoever returns under the same identity gets a new one.

    `on_picture` and `on_sound` get every frame with the time it was seen or heard, for preview, monitor and recording.
    """

    def __init__(
        self,
        connection: RoomConnection,
        identity: str,
        *,
        on_picture: Callable[["Watch", VideoFrame, float], None],
        on_sound: Callable[["Watch", AudioFrame, float], None],
    ) -> None:
        self.identity = identity
        self.audio = AudioProbe(SAMPLE_RATE_HZ)
        self.video = VideoProbe()
        self.recollection = Recollection()
        self.dropped_frames = 0
        self.first: Signal[FirstOf] = Signal("first media")
        self.audibility: Signal[Audibility] = Signal("audibility")
        self.offset: Signal[OffsetSample] = Signal("offset")
        self.freeze: Signal[float] = Signal("freeze")
        self.loudness = Loudness(-120.0, -120.0)
        self._connection = connection
        self._on_picture = on_picture
        self._on_sound = on_sound
        self._pairing = OffsetPairing()
        self._tasks = TaskGroup()
        self._reading: set[str] = set()
        self._readers: dict[TrackKind, FrameReader[AudioFrame] | FrameReader[VideoFrame]] = {}

    def read(self, publication: Publication) -> None:
        """Read a track that was just subscribed, to its end; a second time changes nothing until `forget`."""
        if publication.sid not in self._reading:
            self._reading.add(publication.sid)
            self._tasks.spawn(self._read(publication), name=f"watch {publication.kind.value} of {self.identity}")

    def forget(self, publication: Publication) -> None:
        """The track was unsubscribed: should it come again, it is to be read anew."""
        self._reading.discard(publication.sid)

    def take_backlog(self) -> tuple[int, int]:
        """The most frames of one track that waited to be read, and how many were dropped, since asked last."""
        taken = [reader.take_backlog() for reader in self._readers.values()]
        return max((waited for waited, _ in taken), default=0), sum(dropped for _, dropped in taken)

    async def aclose(self) -> None:
        """Stop reading; harmless twice."""
        await self._tasks.aclose()

    async def _read(self, publication: Publication) -> None:
        read = self._read_audio if publication.kind is TrackKind.AUDIO else self._read_video
        try:
            await read(publication.sid)
        except RoomError as error:
            # It went before it could be read; that is told by events of its own.
            _log.info("%s of %s is not read: %s", publication.kind.value, self.identity, error)

    async def _read_audio(self, track_sid: str) -> None:
        async with self._connection.read_audio(track_sid, sample_rate_hz=SAMPLE_RATE_HZ) as frames:
            self._readers[TrackKind.AUDIO] = frames
            async for received in frames:
                self._heard(received.frame, received.received_s)

    async def _read_video(self, track_sid: str) -> None:
        async with self._connection.read_video(track_sid) as frames:
            self._readers[TrackKind.VIDEO] = frames
            async for received in frames:
                self._seen(received.frame, received.received_s)
                self.dropped_frames = frames.dropped

    def _heard(self, frame: AudioFrame, received_s: float) -> None:
        was_heard_before = self.audio.first_audible_s is not None
        heard = self.audio.frame(frame, received_s)
        self.loudness = Loudness(heard.rms_dbfs, heard.peak_dbfs)
        self.recollection.add_sound(frame.samples[:, 0], frame.sample_rate_hz, heard.start_s)
        if not was_heard_before and self.audio.first_audible_s is not None:
            self.first.emit(FirstOf(TrackKind.AUDIO, self.audio.first_audible_s))
        if heard.became is not None:
            self.audibility.emit(Audibility(*heard.became))
        for beep_s in heard.beeps_s:
            self._paired(self._pairing.beep(beep_s))
        self._on_sound(self, frame, heard.start_s)

    def _seen(self, frame: VideoFrame, received_s: float) -> None:
        is_first = self.video.first_frame_s is None
        seen = self.video.frame(frame, received_s)
        self.recollection.add_picture(frame.luma, received_s)
        if is_first:
            self.first.emit(FirstOf(TrackKind.VIDEO, received_s))
        if seen.freeze_s is not None:
            self.freeze.emit(seen.freeze_s)
        if seen.flash_s is not None:
            self._paired(self._pairing.flash(seen.flash_s, seen.picture))
        self._on_picture(self, frame, received_s)

    def _paired(self, sample: OffsetSample | None) -> None:
        if sample is not None:
            self.offset.emit(sample)
