"""When the observed avatar is seen and heard: first picture and sound, stretches of speech, silence between them."""

from collections.abc import Callable

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.offset_course import OffsetCourse
from avatar_core.wire import viewer_events

_FIRSTS = {"video": "first_frame_s", "audio": "first_sound_s"}


class Course:
    """Fed the viewer's events; `avatar` gives who is observed now. Begun anew with each coming."""

    def __init__(self, figures: Figures, avatar: Callable[[], str | None]) -> None:
        self._figures = figures
        self._avatar = avatar
        self._offsets = OffsetCourse(figures)
        self._firsts: dict[tuple[str, str], float] = {}
        self._began_s: float | None = None
        self._measured: set[str] = set()
        self._sounds_since_s: float | None = None
        self._silent_since_s: float | None = None

    def take(self, message: object) -> None:
        """Keep and measure what matters of one event."""
        self._offsets.take(message)
        match message:
            case viewer_events.FirstMedia():
                self._firsts[message.identity, message.kind] = message.at_s
                self._measure_firsts()
            case viewer_events.ParticipantLeft():
                for kind in _FIRSTS:
                    self._firsts.pop((message.identity, kind), None)
            case viewer_events.SoundChanged() if message.identity == self._avatar():
                self._sound_changed(message)
            case viewer_events.MediaGap() if message.from_identity != message.to_identity:
                name = "swap_video_gap_ms" if message.kind == "video" else "swap_audio_gap_ms"
                since_s, until_s = sorted((message.began_s, message.ended_s))
                gap_ms = 1000 * (message.ended_s - message.began_s)
                self._figures.measure(name, gap_ms, since_s=since_s, until_s=until_s)

    def begin(self, found_s: float) -> None:
        """The avatar is there, since `found_s`."""
        self._began_s, self._sounds_since_s, self._silent_since_s = found_s, None, None
        self._measured.clear()
        self._figures.another_avatar()
        self._measure_firsts()

    def measure_up_to(self, now_s: float) -> None:
        """Measure the speech that goes on, as far as it was heard; what comes counts as speech of its own."""
        if self._sounds_since_s is not None:
            self._speech_heard(self._sounds_since_s, now_s)
            self._sounds_since_s = now_s

    def end(self, now_s: float) -> None:
        """The avatar is gone; harmless twice."""
        self.measure_up_to(now_s)
        self._began_s = self._sounds_since_s = self._silent_since_s = None

    def _measure_firsts(self) -> None:
        avatar, began_s = self._avatar(), self._began_s
        if avatar is None or began_s is None:
            return
        for kind, name in _FIRSTS.items():
            at_s = self._firsts.get((avatar, kind))
            if at_s is not None and kind not in self._measured:
                self._measured.add(kind)
                # What is there already may come before the room has told who else is.
                self._figures.measure(name, max(0.0, at_s - began_s), since_s=min(began_s, at_s), until_s=at_s)

    def _sound_changed(self, change: viewer_events.SoundChanged) -> None:
        if change.audible:
            if self._silent_since_s is not None:
                silence_s = change.at_s - self._silent_since_s
                self._figures.measure("silence_s", silence_s, since_s=self._silent_since_s, until_s=change.at_s)
            self._sounds_since_s, self._silent_since_s = change.at_s, None
        else:
            if self._sounds_since_s is not None:
                self._speech_heard(self._sounds_since_s, change.at_s)
            self._sounds_since_s, self._silent_since_s = None, change.at_s

    def _speech_heard(self, since_s: float, until_s: float) -> None:
        self._offsets.measure((since_s, until_s), since_s=since_s, until_s=until_s)
