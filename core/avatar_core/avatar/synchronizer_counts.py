"""What became of a synchronizer's media: how much waits, and what was shown, dropped, repeated or missing."""

from dataclasses import dataclass

from avatar_core.avatar.frame_slots import FrameSlots
from avatar_core.avatar.generator import GeneratedItem
from avatar_core.avatar.pictures import PictureQueue
from avatar_core.avatar.sound_queue import SoundQueue
from avatar_core.media.frames import AudioFrame, VideoFrame


@dataclass(frozen=True, slots=True)
class Buffered:
    """Seconds that were taken and have not left: of sound with what the output holds, and of pictures."""

    sound_s: float
    pictures_s: float


@dataclass(frozen=True, slots=True)
class SynchronizerStatistics:
    """What became of the media since the start: pictures, and seconds of sound."""

    shown: int
    """Pictures that came and left."""
    repeated: int
    """Slots that were filled with the last picture again."""
    idle: int
    """Slots that were filled with the idle picture."""
    missed: int
    """Slots that went by while the loop was blocked."""
    late: int
    """Pictures dropped because the next one was due, too."""
    dropped_pictures: int
    """Dropped to make room, as asked for."""
    dropped_sound_s: float
    stale_pictures: int
    """Of an older generation: voided by a flush, or refused after it."""
    stale_sound_s: float
    underruns: int
    """How often sound was missing within an utterance."""
    underrun_s: float
    """Silence put in for it."""
    silence_s: float
    """Silence between utterances."""


@dataclass(slots=True)
class Counts:
    """What the synchronizer counts itself, while it runs."""

    shown: int = 0
    repeated: int = 0
    idle: int = 0
    stale_pictures: int = 0
    stale_sound_s: float = 0.0
    underruns: int = 0
    underrun_s: float = 0.0
    silence_s: float = 0.0
    dry: bool = False
    """Sound of the present utterance is missing."""

    def refuse(self, item: GeneratedItem) -> None:
        """It was of an older generation."""
        if isinstance(item, VideoFrame):
            self.stale_pictures += 1
        elif isinstance(item, AudioFrame):
            self.stale_sound_s += item.duration_s

    def silence(self, duration_s: float, *, missing: bool) -> None:
        """So much silence left; `missing` where an utterance had sound to come."""
        if not missing:
            self.silence_s += duration_s
            return
        self.underruns += not self.dry
        self.underrun_s += duration_s
        self.dry = True

    def statistics(self, pictures: PictureQueue, sound: SoundQueue, slots: FrameSlots) -> SynchronizerStatistics:
        """All figures by now."""
        return SynchronizerStatistics(
            shown=self.shown,
            repeated=self.repeated,
            idle=self.idle,
            missed=slots.missed,
            late=pictures.late,
            dropped_pictures=pictures.dropped,
            dropped_sound_s=sound.dropped_s,
            stale_pictures=self.stale_pictures,
            stale_sound_s=self.stale_sound_s,
            underruns=self.underruns,
            underrun_s=self.underrun_s,
            silence_s=self.silence_s,
        )
