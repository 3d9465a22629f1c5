import asyncio

import pytest

from avatar_core.bench.viewing.hearing import Hearing
from avatar_core.wire.viewer_events import FirstMedia, Levels, MediaGap, ParticipantLeft, SoundChanged
from tests.fakes.clock import settle

SOON_S = 5.0
AT_ONCE_S = 0.0


def heard(*changes: tuple[bool, float], identity: str = "ada") -> Hearing:
    hearing = Hearing()
    for audible, at_s in changes:
        hearing.take(SoundChanged(identity, audible, at_s))
    return hearing


def test_somebody_is_audible_as_last_heard_of() -> None:
    hearing = heard((True, 10.0))
    hearing.take(SoundChanged("bob", False, 10.5))
    assert hearing.audible("ada")
    assert not hearing.audible("bob")
    assert not hearing.audible("nobody")


@pytest.mark.parametrize(
    ("changes", "since_s", "silent_s"),
    [
        ([(True, 10.0), (False, 10.4)], 10.1, 10.4),
        # Quiet had begun before, and is told late: silent from the very moment that is asked about.
        ([(True, 9.0), (False, 9.9)], 10.1, 10.1),
        ([(True, 9.0), (False, 9.9), (True, 10.9)], 10.1, 10.1),
        ([(True, 8.0), (False, 9.0), (True, 9.5), (False, 10.6)], 10.1, 10.6),
        ([(True, 10.0), (False, 10.4), (True, 10.6), (False, 10.9)], 10.1, 10.4),
        ([(True, 8.0), (False, 9.0), (True, 9.5)], 10.1, None),
        ([(True, 10.0)], 10.1, None),
        ([], 10.1, None),
    ],
)
async def test_silence_is_the_first_from_a_moment_on(
    changes: list[tuple[bool, float]], since_s: float, silent_s: float | None
) -> None:
    assert await heard(*changes).silence("ada", since_s, AT_ONCE_S) == silent_s


async def test_silence_is_waited_for() -> None:
    hearing = heard((True, 10.0))
    waiting = asyncio.get_running_loop().create_task(hearing.silence("ada", 10.1, SOON_S))
    await settle()
    hearing.take(SoundChanged("bob", False, 10.2))
    await settle()
    assert not waiting.done()
    hearing.take(SoundChanged("ada", False, 10.3))
    assert await waiting == 10.3


async def test_several_can_wait_at_once() -> None:
    hearing = heard((True, 10.0))
    loop = asyncio.get_running_loop()
    silence = loop.create_task(hearing.silence("ada", 10.1, SOON_S))
    picture = loop.create_task(hearing.first_picture("ada", SOON_S))
    await settle()
    hearing.take(FirstMedia("ada", "video", 10.2))
    assert await picture == 10.2
    hearing.take(SoundChanged("ada", False, 10.3))
    assert await silence == 10.3


async def test_sound_is_the_first_after_a_moment() -> None:
    hearing = heard((True, 9.0), (False, 9.5), (True, 10.4), (False, 10.6), (True, 11.0))
    assert await hearing.sound("ada", 10.0, AT_ONCE_S) == 10.4
    assert await hearing.sound("ada", 11.5, AT_ONCE_S) is None


async def test_the_first_picture_of_one_who_left_is_not_that_of_the_next() -> None:
    hearing = Hearing()
    hearing.take(FirstMedia("ada", "video", 10.0))
    assert await hearing.first_picture("ada", AT_ONCE_S) == 10.0
    hearing.take(ParticipantLeft("ada", "", 11.0))
    assert await hearing.first_picture("ada", AT_ONCE_S) is None


async def test_a_gap_is_that_of_this_handover() -> None:
    hearing = Hearing()
    early = MediaGap("video", "ada", "bob", 9.0, 9.5)
    overlap = MediaGap("audio", "ada", "bob", 10.4, 10.1)
    for gap in (
        early,
        overlap,
        MediaGap("video", "bob", "eve", 10.2, 10.3),
        MediaGap("video", "ada", "bob", 9.9, 10.2),
    ):
        hearing.take(gap)
    found = await hearing.gap("video", "bob", 10.0, AT_ONCE_S)
    assert found == MediaGap("video", "ada", "bob", 9.9, 10.2)
    assert await hearing.gap("audio", "bob", 10.2, AT_ONCE_S) == overlap
    assert await hearing.gap("audio", "eve", 10.0, AT_ONCE_S) is None


@pytest.mark.parametrize(
    ("start_s", "end_s", "seconds"),
    [(0.0, 100.0, 1.5), (10.25, 10.75, 0.5), (11.0, 12.0, 0.0), (9.0, 10.1, 0.1), (11.9, 12.3, 0.3)],
)
def test_seconds_of_sound_are_those_between_two_moments(start_s: float, end_s: float, seconds: float) -> None:
    hearing = heard((True, 10.0), (False, 11.0), (True, 12.0), (False, 12.5))
    assert hearing.audible_for_s("ada", start_s, end_s) == pytest.approx(seconds)


def test_sound_that_goes_on_counts_up_to_the_end() -> None:
    assert heard((True, 10.0)).audible_for_s("ada", 9.0, 10.6) == pytest.approx(0.6)


async def test_nothing_of_one_connection_is_left_for_the_next() -> None:
    hearing = heard((True, 10.0))
    hearing.take(FirstMedia("ada", "video", 10.0))
    hearing.take(MediaGap("video", "bob", "ada", 10.0, 10.1))
    hearing.clear()
    assert not hearing.audible("ada")
    assert await hearing.first_picture("ada", AT_ONCE_S) is None
    assert await hearing.gap("video", "ada", 0.0, AT_ONCE_S) is None


async def test_other_events_wake_nobody() -> None:
    hearing = Hearing()
    hearing.take(Levels("ada", -10.0, -20.0, 10.0))
    assert not hearing._news.is_set()


def test_stretches_of_sound_are_cut_to_the_span_and_told_by_participant() -> None:
    hearing = heard((True, 10.0), (False, 11.0), (True, 12.0))
    hearing.take(SoundChanged("bob", True, 10.5))
    hearing.take(SoundChanged("bob", False, 12.5))
    assert hearing.stretches(10.2, 13.0) == {"ada": [(10.2, 11.0), (12.0, 13.0)], "bob": [(10.5, 12.5)]}
    assert hearing.stretches(11.2, 11.8)["ada"] == []
