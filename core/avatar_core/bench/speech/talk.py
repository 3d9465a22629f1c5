"""What is being said: one source at a time, through the agent's chain; how it began, goes on, and ends."""

import asyncio
import itertools
from collections.abc import Callable

from avatar_core.bench.speech.book import Book
from avatar_core.bench.speech.sources import Sources
from avatar_core.bench.speech.speaker import Speaker
from avatar_core.errors import BenchError
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.tasks import TaskGroup, cancel_and_wait


class Talk:
    """Owned by the session. `on_end` is called when a source was heard to its end, `on_failure` when it broke off."""

    def __init__(
        self,
        output: AgentOutput,
        book: Book,
        sources: Sources,
        tasks: TaskGroup,
        *,
        on_end: Callable[[], None],
        on_failure: Callable[[BenchError], None],
    ) -> None:
        self.source_id = ""
        """What was said last, or is being said."""
        self.held = False
        """Whether it is paused."""
        self._output = output
        self._book = book
        self._sources = sources
        self._tasks = tasks
        self._on_end = on_end
        self._on_failure = on_failure
        self._ids = (f"s{number}" for number in itertools.count(1))
        self._speaker: Speaker | None = None
        self._saying: asyncio.Task[None] | None = None
        self._suspended = False

    @property
    def goes_on(self) -> bool:
        """Whether a source is being said, or a segment is still to be heard."""
        return self._saying is not None or self._book.current_id is not None

    async def begin(self, source_id: str) -> None:
        """Say a source; one that is being said ends its segment first. What is paused goes on before it."""
        await self.stop()
        # Also where nothing is left that was paused: a pause can come in the moment in which the speech ends.
        self.release()
        head = self._output.audio
        assert head is not None
        self.source_id = source_id
        self._speaker = Speaker(head, self._book.unplayed_s, self._ids)
        self._saying = self._tasks.spawn(self._say(source_id, self._speaker), name=f"speech {source_id}")

    async def stop(self) -> None:
        """Say nothing more; what was sent is still heard."""
        saying, self._saying = self._saying, None
        await cancel_and_wait(saying)

    def end_segment(self) -> bool:
        """End the segment; what the source says next opens a new one. False where it was sent to its end already."""
        return self._speaker is not None and self._speaker.end_segment()

    def hold(self) -> None:
        """Pause where it was heard to; raises PlaybackError where that can't be done."""
        if self._output.audio is not None:
            self._output.audio.pause()
            self._book.hold()
            self.held = True

    def release(self) -> None:
        """Go on with the unplayed tail; nothing where it is not paused."""
        if self.held and self._output.audio is not None:
            self.held = False
            self._book.release()
            self._output.audio.resume()

    def suspend(self) -> bool:
        """Hold what is being said until `go_on`, for the avatar is away.

        False where there is nothing to hold, or the avatar does not tell what was heard: what it had is lost then.
        """
        head = self._output.audio
        if head is None or not self.goes_on or not head.can_pause:
            return False
        if not self.held:
            head.pause()
            self._book.hold()
            self._suspended = True
        return True

    def go_on(self) -> None:
        """Let what was suspended go on; what the user paused stays so."""
        if self._suspended and self._output.audio is not None:
            self._suspended = False
            self._book.release()
            self._output.audio.resume()

    def clear(self, ending: str) -> None:
        """Silence all that is open, at once; the book calls its end `ending`."""
        self._book.expect_end(ending)
        saying, self._saying = self._saying, None
        if saying is not None:
            saying.cancel()
        self.end_segment()
        if self._output.audio is not None:
            self._output.audio.clear_buffer()
            self.held = self._suspended = False
            self._book.release()
            # Whether it was held here or by a swap in place: what is said next must not wait.
            self._output.audio.resume()

    async def _say(self, source_id: str, speaker: Speaker) -> None:
        try:
            await speaker.say(self._sources.open(source_id))
            if self._output.audio is not None:
                await self._output.audio.wait_for_playout()
        except BenchError as error:
            self._on_failure(error)
        finally:
            if self._saying is asyncio.current_task():
                self._saying = None
                self._on_end()
