"""Listening: each output once, and no longer than wanted."""

from avatar_core.playback.contract import AudioOutput
from avatar_core.playback.listening import Listening
from tests.fakes.audio_output import HandDrivenOutput, speech


async def test_handlers_learn_who_spoke_once_each_and_nothing_after_the_end() -> None:
    heard: list[tuple[str, AudioOutput]] = []
    listening = Listening(
        started=lambda sink, _: heard.append(("started", sink)),
        progressed=lambda sink, _: heard.append(("progressed", sink)),
        finished=lambda sink, _: heard.append(("finished", sink)),
    )
    one, two = HandDrivenOutput("one"), HandDrivenOutput("two")
    listening.begin(one)
    listening.begin(one)
    listening.begin(two)
    for sink in (one, two):
        await sink.capture_frame(speech(0.1))
        sink.start()
    one.on_playback_progressed(started_at=0.0, offset=0.0, duration=0.1)
    one.finish(0.1)
    assert heard == [("started", one), ("started", two), ("progressed", one), ("finished", one)]
    listening.end(two)
    listening.end(two)
    two.finish(0.1)
    listening.end_all()
    await one.capture_frame(speech(0.1))
    one.flush()
    one.finish(0.1)
    assert len(heard) == 4
