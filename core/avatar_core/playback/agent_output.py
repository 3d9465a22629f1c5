"""The agent's output: the one place where its chain is set, and where the tail of the chain is swapped."""

from collections.abc import Callable

from avatar_core.clock import Clock
from avatar_core.playback.contract import AudioOutput
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import Recall, SwapPolicy
from avatar_core.playback.wrapper import with_swap_proxy
from avatar_core.signal import Signal


class AgentOutput:
    """Holds the chain that the agent speaks through.

    `audio = chain` replaces all of it; `replace_audio_tail` replaces the output below the wrappers and leaves them,
    and whoever listens to them, where they are (seed 000). None is refused by both. `delivery_failed` tells that an
    output refused speech that was being carried to it; what was pending has then been finished as interrupted.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.audio_changed = Signal[AudioOutput]("agent_output.audio_changed")
        self.delivery_failed = Signal[BaseException]("agent_output.delivery_failed")
        self._clock = clock
        self._audio: AudioOutput | None = None
        self._enabled = True
        self._disconnect: Callable[[], None] | None = None

    @property
    def audio(self) -> AudioOutput | None:
        """The head of the chain; None until one is set."""
        return self._audio

    @audio.setter
    def audio(self, chain: AudioOutput) -> None:
        head = with_swap_proxy(chain, clock=self._clock)
        if head is self._audio:
            return
        if self._audio is not None:
            self._let_go(self._audio, to=head)
        self._audio = head
        self._disconnect = _proxy_of(head).delivery_failed.connect(self.delivery_failed.emit)
        self.audio_changed.emit(head)
        if self._enabled:
            head.on_attached()

    @property
    def audio_enabled(self) -> bool:
        """Whether the chain is attached."""
        return self._enabled

    @property
    def unsent_s(self) -> float:
        """Seconds captured that the output below has not taken yet: held, or more than it takes."""
        return _proxy_of(self._audio).unsent_s if self._audio is not None else 0.0

    def set_audio_enabled(self, enabled: bool) -> None:
        """Attach or detach the chain; the same again changes nothing."""
        if enabled is self._enabled:
            return
        self._enabled = enabled
        if self._audio is not None:
            if enabled:
                self._audio.on_attached()
            else:
                self._audio.on_detached()

    def replace_audio_tail(self, sink: AudioOutput, *, policy: SwapPolicy = SwapPolicy.FINISH) -> Recall:
        """Let `sink` take the place of what is below the wrappers, at once (P1); without a chain it becomes one (P2).

        Await `wait()` of the result to know what was carried over and what was lost.
        """
        if self._audio is None:
            self.audio = sink
            recall = Recall(policy)
            recall.settle_if_complete()
            return recall
        return _proxy_of(self._audio).set_next_in_chain(sink, policy=policy)

    def swap_audio_endpoint(self, sink: AudioOutput, *, policy: SwapPolicy = SwapPolicy.FINISH) -> Recall:
        """`replace_audio_tail` by the name seed 000 gave it."""
        return self.replace_audio_tail(sink, policy=policy)

    async def aclose(self) -> None:
        """Finish what is pending and close the chain down to its proxy, not the output below; harmless twice."""
        head, self._audio = self._audio, None
        if head is not None:
            if self._enabled:
                head.on_detached()
            await head.aclose()
        if self._disconnect is not None:
            self._disconnect()
            self._disconnect = None

    def _let_go(self, old: AudioOutput, *, to: AudioOutput) -> None:
        """Rescue what is pending in the old chain: it finishes as interrupted (B20), unless the new one took it in."""
        if _proxy_of(old) is not _proxy_of(to):
            _proxy_of(old).abandon_pending()
        if self._disconnect is not None:
            self._disconnect()
        if self._enabled:
            old.on_detached()

    def __repr__(self) -> str:
        return f"AgentOutput(audio={self._audio!r})"


def _proxy_of(head: AudioOutput) -> AudioSinkProxy:
    """The topmost swap proxy of a chain; there is one in every chain."""
    return next(link for link in head.chain() if isinstance(link, AudioSinkProxy))
