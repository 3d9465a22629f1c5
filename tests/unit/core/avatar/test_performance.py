"""How far ahead is drawn: as fast as can be at first, then so that the loop has time for sound."""

from avatar_core.avatar.performance import Performance
from avatar_core.avatar.synchronizer import AVSynchronizer
from avatar_core.avatar.synchronizer_options import SynchronizerOptions
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.room.incoming_segment import BufferCleared, IncomingSegment
from avatar_core.signal import Signal
from avatar_core.tasks import cancel_and_wait, spawn
from tests.fakes.clock import ManualClock, settle
from tests.fakes.synchronizer_stage import FRAME_S, Screen, Speaker
from tests.fakes.video_generator import OPTIONS, EchoGenerator, sound


class NobodySpeaks:
    """A receiver with nothing to answer."""

    def __init__(self) -> None:
        self.buffer_cleared: Signal[BufferCleared] = Signal("buffer cleared")
        self.open_segments: tuple[IncomingSegment, ...] = ()

    async def __aiter__(self):  # type: ignore[no-untyped-def]
        no_frames: tuple[AudioFrame | AudioSegmentEnd, ...] = ()
        for frame in no_frames:
            yield frame

    def notify_playback_started(self, key: str) -> None:
        raise AssertionError(key)

    def notify_playback_finished(self, key: str, playback_position_s: float, *, interrupted: bool) -> None:
        raise AssertionError(key, playback_position_s, interrupted)

    async def aclose(self) -> None:
        return


async def test_pictures_are_drawn_ahead_at_twice_the_frame_rate_once_there_is_sound_enough() -> None:
    clock, generator = ManualClock(), EchoGenerator()
    synchronizer = AVSynchronizer(
        Speaker(clock), Screen(clock), OPTIONS, clock, behaviour=SynchronizerOptions(ahead_s=1.5)
    )
    performance = Performance(NobodySpeaks(), generator, OPTIONS.video_fps, clock)
    for index in range(30):
        await generator.push_audio(sound(index * FRAME_S, FRAME_S))
    rendering = spawn(performance.render(synchronizer), name="render")
    await settle(40)
    drawn = [synchronizer.buffered.pictures_s / FRAME_S]
    for _ in range(20):
        clock.move(FRAME_S / 2)
        await settle(10)
        drawn.append(synchronizer.buffered.pictures_s / FRAME_S)
    await cancel_and_wait(rendering)
    await synchronizer.aclose()
    # More than 0.1 s of both: the fourth picture comes with the sound of three.
    assert [round(pictures) for pictures in drawn] == list(range(4, 25))
