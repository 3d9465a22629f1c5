"""First picture and sound, silences, and swaps of an observed avatar, by what the viewer tells."""

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.observe.course import Course
from avatar_core.bench.settings.thresholds import load_trust_limits
from avatar_core.wire.viewer_events import FirstMedia, MediaGap, OffsetMeasured, SoundChanged
from tests.fakes.clock import ManualClock


class Told:
    """A course of "tavus", begun at 100 s."""

    def __init__(self) -> None:
        self.avatar: str | None = "tavus"
        self.figures = Figures(ManualClock(100.0), load_trust_limits())
        self.course = Course(self.figures, lambda: self.avatar)

    def sound(self, *changes: tuple[bool, float], of: str = "tavus") -> None:
        for audible, at_s in changes:
            self.course.take(SoundChanged(of, audible, at_s))


def test_first_picture_and_sound_are_told_once_from_when_it_was_found() -> None:
    told = Told()
    told.course.take(FirstMedia("tavus", "video", 99.9))
    told.course.begin(100.0)
    told.course.take(FirstMedia("ada", "audio", 100.5))
    told.course.take(FirstMedia("tavus", "audio", 101.25))
    told.course.take(FirstMedia("tavus", "audio", 109.0))
    assert told.figures.values("first_frame_s") == [0.0]
    assert told.figures.values("first_sound_s") == [1.25]


def test_silence_is_measured_between_two_stretches_of_its_own_sound() -> None:
    told = Told()
    told.course.begin(100.0)
    told.sound((True, 101.0), (False, 103.0))
    told.sound((True, 103.5), (False, 104.0), of="ada")
    told.sound((True, 105.0), (False, 106.0))
    assert told.figures.values("silence_s") == [2.0]


def test_silence_does_not_reach_across_an_absence() -> None:
    told = Told()
    told.course.begin(100.0)
    told.sound((True, 101.0), (False, 103.0))
    told.course.end(104.0)
    told.course.begin(110.0)
    told.sound(
        (True, 111.0),
    )
    assert told.figures.values("silence_s") == []


def test_the_offset_of_a_stretch_is_told_at_its_end_also_where_it_still_sounds() -> None:
    told = Told()
    told.course.begin(100.0)
    told.sound(
        (True, 101.0),
    )
    for at_s, offset_ms in ((102.0, -20.0), (103.0, -30.0), (108.0, -40.0)):
        told.course.take(OffsetMeasured(at_s, offset_ms))
    told.sound(
        (False, 103.5),
    )
    assert told.figures.values("av_offset_utterance_ms") == [-25.0]
    told.sound(
        (True, 107.0),
    )
    told.course.measure_up_to(109.0)
    told.course.measure_up_to(109.0)
    assert told.figures.values("av_offset_utterance_ms") == [-25.0, -40.0]


def test_a_gap_is_a_swaps_only_between_two_avatars() -> None:
    told = Told()
    told.course.take(MediaGap("video", "tavus", "tavus", 10.0, 12.0))
    told.course.take(MediaGap("video", "tavus", "simli", 20.0, 20.25))
    told.course.take(MediaGap("audio", "tavus", "simli", 20.5, 20.25))
    assert told.figures.values("swap_video_gap_ms") == [250.0]
    assert told.figures.values("swap_audio_gap_ms") == [-250.0]
