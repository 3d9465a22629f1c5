from avatar_core.room.values import TrackKind
from avatar_core.viewer.handover import GIVE_UP_S, Gap, Handover
from avatar_core.viewer.watch import Watch
from tests.fakes.room import FakeRoom


def watch(identity: str) -> Watch:
    connection = FakeRoom().connection("viewer")
    return Watch(connection, identity, on_picture=lambda *_: None, on_sound=lambda *_: None)


def sounding(identity: str, *, since_s: float, last_s: float) -> Watch:
    made = watch(identity)
    made.audio.audible = True
    made.audio.audible_since_s, made.audio.last_audible_s = since_s, last_s
    return made


class Led:
    """A handover from one watch to another, and what it told."""

    def __init__(self, old: Watch, new: Watch, now_s: float = 100.0) -> None:
        self.gaps: list[Gap] = []
        self.handover = Handover(old, new, now_s, self.gaps.append)


def test_the_picture_gap_is_from_the_last_of_the_old_to_the_first_of_the_new() -> None:
    old, new = watch("old"), watch("new")
    old.video.last_frame_s = 99.98
    led = Led(old, new)
    led.handover.picture_shown(100.03)
    led.handover.picture_shown(100.07)
    assert led.gaps == [Gap(TrackKind.VIDEO, "old", "new", 99.98, 100.03)]
    assert led.handover.done


def test_where_there_was_no_picture_and_no_sound_there_is_no_gap() -> None:
    led = Led(watch("old"), watch("new"))
    led.handover.picture_shown(100.5)
    assert led.handover.done
    assert led.gaps == []


def test_a_gap_of_sound_is_told_once_the_new_one_is_heard() -> None:
    old, new = sounding("old", since_s=90.0, last_s=100.1), watch("new")
    led = Led(old, new)
    old.audio.audible = False
    led.handover.check_sound(100.4)
    assert led.gaps == []
    new.audio.audible, new.audio.audible_since_s = True, 100.45
    led.handover.check_sound(100.5)
    assert led.gaps == [Gap(TrackKind.AUDIO, "old", "new", 100.1, 100.45)]
    assert led.handover.done


def test_an_overlap_is_told_once_the_old_one_is_silent_and_ends_before_it_begins() -> None:
    old, new = sounding("old", since_s=90.0, last_s=100.2), sounding("new", since_s=100.05, last_s=100.2)
    led = Led(old, new)
    led.handover.check_sound(100.2)
    assert led.gaps == []
    old.audio.audible, old.audio.last_audible_s = False, 100.3
    led.handover.check_sound(100.5)
    assert led.gaps == [Gap(TrackKind.AUDIO, "old", "new", 100.3, 100.05)]


def test_an_old_one_that_was_silent_gives_no_gap_of_sound() -> None:
    old, new = watch("old"), watch("new")
    old.audio.last_audible_s = 80.0
    led = Led(old, new)
    new.audio.audible, new.audio.audible_since_s = True, 103.0
    led.handover.check_sound(103.1)
    assert led.gaps == []


def test_a_new_one_that_is_never_heard_is_not_waited_for_for_ever() -> None:
    led = Led(sounding("old", since_s=90.0, last_s=100.0), watch("new"))
    led.handover.check_sound(100.0 + GIVE_UP_S)
    assert not led.handover.done
    led.handover.check_sound(100.1 + GIVE_UP_S)
    assert led.handover.done
    assert led.gaps == []
