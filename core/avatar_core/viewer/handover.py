"""The gap, or the overlap, when a viewer is led from one avatar to the next: last of the old, first of the new."""

from collections.abc import Callable
from dataclasses import dataclass

from avatar_core.room.values import TrackKind
from avatar_core.viewer.watch import Watch

GIVE_UP_S = 10.0
"""Where the new avatar is not heard for so long, nobody was speaking and there is no gap of sound to tell."""


@dataclass(frozen=True, slots=True)
class Gap:
    """From the old one's last frame or sound to the new one's first; it ends before it begins where both were on."""

    kind: TrackKind
    old: str
    new: str
    began_s: float
    ended_s: float


class Handover:
    """One swap as a viewer lives through it; made when the new avatar is followed, fed until `done`."""

    def __init__(self, old: Watch, new: Watch, now_s: float, tell: Callable[[Gap], None]) -> None:
        self._old = old
        self._new = new
        self._began_s = now_s
        self._tell = tell
        self._last_picture_s = old.video.last_frame_s
        # Whether sound was on is known now; afterwards the old one's silence may be the swap's doing.
        self._sound_was_on = old.audio.audible
        self._video_done = self._last_picture_s is None
        self._audio_done = not self._sound_was_on

    @property
    def done(self) -> bool:
        """Whether both gaps are told or will never be."""
        return self._video_done and self._audio_done

    def picture_shown(self, at_s: float) -> None:
        """A picture of the new avatar was shown."""
        if not self._video_done and self._last_picture_s is not None:
            self._video_done = True
            self._tell(self._gap(TrackKind.VIDEO, self._last_picture_s, at_s))

    def check_sound(self, now_s: float) -> None:
        """Tell the gap of sound once the new one was heard and the old one has fallen silent."""
        if self._audio_done:
            return
        heard_s = self._new_heard_s()
        ended_s = self._old.audio.last_audible_s
        if heard_s is not None and ended_s is not None and not self._old.audio.audible:
            self._audio_done = True
            self._tell(self._gap(TrackKind.AUDIO, ended_s, heard_s))
        elif now_s - self._began_s > GIVE_UP_S:
            self._audio_done = True

    def _new_heard_s(self) -> float | None:
        return self._new.audio.audible_since_s if self._new.audio.audible else None

    def _gap(self, kind: TrackKind, began_s: float, ended_s: float) -> Gap:
        return Gap(kind, self._old.identity, self._new.identity, began_s, ended_s)
