"""AvatarRunner (LiveKit's name): one avatar in a room. Speech in, its generator, and synchronized tracks out."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from avatar_core.avatar.departures import Departures
from avatar_core.avatar.faults.answers import ANSWER_FAULTS, AnsweringReceiver, FaultyAnswers
from avatar_core.avatar.faults.outputs import FaultyOutputs
from avatar_core.avatar.faults.planted import Faults
from avatar_core.avatar.faults.speech import SPEECH_FAULTS, FaultyGenerator
from avatar_core.avatar.generator import AvatarOptions, VideoGenerator
from avatar_core.avatar.performance import Performance, SpeechReceiver
from avatar_core.avatar.reporting import Reporter
from avatar_core.avatar.sound_release import QUEUE_S
from avatar_core.avatar.synchronizer import AVSynchronizer
from avatar_core.clock import Clock
from avatar_core.room.connection import RoomConnection
from avatar_core.room.data_stream_receiver import DataStreamAudioReceiver
from avatar_core.room.options import AudioPublishOptions, VideoPublishOptions, video_bitrate_bps
from avatar_core.room.values import ConnectionState, Participant, ParticipantLeft, StateChanged, TrackSource
from avatar_core.tasks import TaskGroup
from avatar_core.wire.livekit import AVATAR_STREAM, TRACK_AUDIO, TRACK_VIDEO, PictureReport, SegmentReport

_log = logging.getLogger(__name__)

_SOURCE_QUEUE_MS = round(QUEUE_S * 1000)
"""Of LiveKit's audio source: what speech keeps in it. Silence gives a little more, speech once a second: such captures
wait for a beat."""

_AUDIO_BITRATE_BPS = 64_000

ReceiverFactory: TypeAlias = Callable[[RoomConnection, str, AvatarOptions], AnsweringReceiver]
"""Makes the worker's end of a wire: in which room, whom it obeys, and the shape of its avatar."""


def livekit_receiver(connection: RoomConnection, controller: str, _: AvatarOptions) -> AnsweringReceiver:
    """LiveKit's own wire, which tells the rate and channels of each segment."""
    return DataStreamAudioReceiver(connection, controller)


@dataclass(frozen=True, slots=True)
class RunnerEnded:
    """Why a runner can't or needn't go on."""

    reason: Literal["controller_gone", "room_lost", "failed"]
    detail: str


class AvatarRunner:
    """Speaks what `controller` sends and obeys nobody else. Made before the room is joined, so that nothing is missed.

    Then `publish`, once `connection` has joined; `ended` is done when it is over. A controller that leaves is waited
    for: what it said is played to its end, then it has `grace_s` to come back; one that is not there yet has
    `controller_wait_s`. `connection` and `generator` are given, the generator is closed here.
    """

    def __init__(
        self,
        connection: RoomConnection,
        generator: VideoGenerator,
        options: AvatarOptions,
        clock: Clock,
        *,
        controller: str,
        grace_s: float = 5.0,
        controller_wait_s: float = 60.0,
        faults: Faults | None = None,
        receive: ReceiverFactory = livekit_receiver,
    ) -> None:
        self.ended: asyncio.Future[RunnerEnded] = asyncio.get_running_loop().create_future()
        self._connection = connection
        self._options = options
        self._clock = clock
        self._controller = controller
        self._grace_s = grace_s
        self._controller_wait_s = controller_wait_s
        self._faults = faults or Faults()
        self._tasks = TaskGroup(on_failure=self._on_failure)
        self._generator = generator
        receiver = receive(connection, controller, options)
        self._receiver: SpeechReceiver = receiver
        if any(name in self._faults for name in SPEECH_FAULTS):
            self._generator = FaultyGenerator(generator, self._faults, options)
        if any(name in self._faults for name in ANSWER_FAULTS):
            self._receiver = FaultyAnswers(receiver, self._faults, clock)
        self._performance = Performance(self._receiver, self._generator, options.video_fps, clock)
        self._synchronizer: AVSynchronizer | None = None
        self._outputs: FaultyOutputs | None = None
        self._departures: Departures | None = None
        self._reporter = Reporter(connection, controller, clock, self._report, self._pictures_left)
        self._farewell: asyncio.Task[None] | None = None
        self._disconnect = (
            connection.events.participant_disconnected.connect(self._on_participant_left),
            connection.events.participant_connected.connect(self._on_participant_came),
            connection.events.state_changed.connect(self._on_state_changed),
        )

    async def publish(self) -> None:
        """Publish both tracks, at once and whoever is there (B9), and begin; RoomError when the server refuses."""
        options = self._options
        # The picture first. The SDK sets how WebRTC degrades it once the track has a sender, and fails, with a warning
        # alone, where the negotiation that the sound began changes that sender meanwhile.
        video = await self._connection.publish_video(
            TRACK_VIDEO,
            VideoPublishOptions(
                width_px=options.video_width,
                height_px=options.video_height,
                max_bitrate_bps=video_bitrate_bps(options.video_width, options.video_height, options.video_fps),
                max_fps=options.video_fps,
                stream=AVATAR_STREAM,
            ),
        )
        audio = await self._connection.publish_audio(
            TRACK_AUDIO,
            source=TrackSource.MICROPHONE,
            options=AudioPublishOptions(
                sample_rate_hz=options.audio_sample_rate,
                num_channels=options.audio_channels,
                queue_ms=_SOURCE_QUEUE_MS,
                max_bitrate_bps=_AUDIO_BITRATE_BPS * options.audio_channels,
                stream=AVATAR_STREAM,
            ),
        )
        self._departures = departures = Departures(video, options.video_fps, self._clock)
        self._outputs = outputs = FaultyOutputs(audio, departures, self._faults, options, self._clock)
        self._receiver.buffer_cleared.connect(lambda _: outputs.interrupted())
        synchronizer = AVSynchronizer(outputs.audio, outputs.video, options, self._clock, on_failure=self._on_failure)
        synchronizer.picture_due.connect(lambda due: departures.expect(due.pts_s, due.sound_s + outputs.audio_delay_s))
        self._synchronizer = synchronizer
        synchronizer.start()
        self._reporter.start()
        if self._connection.participant(self._controller) is None:
            self._farewell = self._tasks.spawn(self._await_controller(), name="avatar awaits controller")
        self._tasks.spawn(self._performance.hear(), name="avatar hears")
        self._tasks.spawn(self._render(synchronizer), name="avatar renders")

    async def aclose(self) -> None:
        """Stop; tracks and room are the connection's. Harmless twice, and before `publish`."""
        for disconnect in self._disconnect:
            disconnect()
        await self._tasks.aclose()
        await self._reporter.aclose()
        await self._receiver.aclose()
        if self._synchronizer is not None:
            await self._synchronizer.aclose()
        if self._outputs is not None:
            await self._outputs.aclose()
        await self._generator.aclose()

    async def _render(self, synchronizer: AVSynchronizer) -> None:
        await self._performance.render(synchronizer)
        self._end("failed", "the generator ended by itself")

    def _report(self) -> tuple[SegmentReport, ...]:
        """One entry for each open segment that has a name at its sender."""
        return tuple(
            SegmentReport(
                one.segment.segment_id,
                one.segment.generation,
                buffered_s=max(0.0, one.segment.received_s - one.played_s),
                played_s=one.played_s,
            )
            for one in self._performance.progress
            if one.segment.segment_id is not None
        )

    def _pictures_left(self) -> tuple[PictureReport, ...]:
        return self._departures.take() if self._departures is not None else ()

    def _on_participant_left(self, left: ParticipantLeft) -> None:
        if left.participant.identity == self._controller and (self._farewell is None or self._farewell.done()):
            self._farewell = self._tasks.spawn(self._outlive_controller(), name="avatar without controller")

    def _on_participant_came(self, participant: Participant) -> None:
        if participant.identity == self._controller and self._farewell is not None:
            self._farewell.cancel()
            self._farewell = None

    async def _await_controller(self) -> None:
        await self._clock.sleep_until(self._clock.now() + self._controller_wait_s)
        self._end("controller_gone", f"{self._controller!r} did not come within {self._controller_wait_s:g} s")

    async def _outlive_controller(self) -> None:
        await self._performance.wait_answered()
        await self._clock.sleep_until(self._clock.now() + self._grace_s)
        self._end("controller_gone", f"{self._controller!r} left and did not come back within {self._grace_s:g} s")

    def _on_state_changed(self, change: StateChanged) -> None:
        if change.current is ConnectionState.LOST:
            self._end("room_lost", f"the room was lost ({change.reason or 'no reason given'})")

    def _on_failure(self, name: str, failure: BaseException) -> None:
        _log.error("%s failed", name, exc_info=failure)
        self._end("failed", f"{name}: {failure}")

    def _end(self, reason: Literal["controller_gone", "room_lost", "failed"], detail: str) -> None:
        if not self.ended.done():
            self.ended.set_result(RunnerEnded(reason, detail))
