"""With honest outputs and the carry policy nothing is lost, nothing is said twice, and the order stays."""

from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import SwapPolicy
from avatar_core.playback.segment import SegmentRef
from avatar_core.tasks import spawn
from tests.fakes.audio_output import STEP_S, FinishLog, RemoteOutput, speech
from tests.fakes.clock import ManualClock

Step = Literal["say", "end", "swap", "pause", "resume", "time"]
STEPS = st.lists(
    st.tuples(st.sampled_from(["say", "say", "end", "swap", "pause", "resume", "time", "time"]), st.integers(1, 40)),
    min_size=5,
    max_size=30,
)


@settings(max_examples=40, deadline=None, database=None)
@given(steps=STEPS)
async def test_what_all_outputs_played_is_what_was_said(steps: list[tuple[Step, int]]) -> None:
    clock = ManualClock()
    output = AgentOutput(clock=clock)
    remotes = [RemoteOutput(clock, "first")]
    head = AudioSinkProxy(remotes[0], clock=clock)
    output.audio = head
    log = FinishLog(head)
    said_s = 0.0
    segments = 0
    capturing = False

    async def say(duration_s: float, ref: SegmentRef) -> None:
        await head.capture_frame(speech(duration_s, start_s=said_s), segment=ref)

    for kind, amount in steps:
        if kind == "say":
            head.resume()
            segments += not capturing
            capturing = True
            duration_s = amount * STEP_S
            saying = spawn(say(duration_s, SegmentRef(f"s{segments}")), name="saying")
            for _ in range(10):
                await clock.advance(STEP_S)
            assert saying.done()
            saying.result()
            said_s += duration_s
        elif kind == "end":
            head.flush()
            capturing = False
        elif kind == "swap":
            remotes.append(RemoteOutput(clock, f"remote {len(remotes)}"))
            output.replace_audio_tail(remotes[-1], policy=SwapPolicy.CARRY)
        elif kind == "pause":
            head.pause()
        elif kind == "resume":
            head.resume()
        else:
            for _ in range(amount):
                await clock.advance(STEP_S)
    head.resume()
    head.flush()
    for _ in range(round(said_s / 0.05) + 20):
        await clock.advance(0.05)

    heard = [sample for remote in remotes for sample in remote.heard]
    assert heard == speech(said_s).samples[:, 0].tolist()
    assert log.ids == [f"s{n + 1}" for n in range(segments)]
    assert not any(event.interrupted for event in log.events)
    await output.aclose()
    for remote in remotes:
        await remote.aclose()
