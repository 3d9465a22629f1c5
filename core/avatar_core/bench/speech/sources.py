"""What can be spoken: the bundled speech, the sync pattern, files the user adds, the microphone."""

import wave
from pathlib import Path

from avatar_core.bench.snapshot import SourceInfo
from avatar_core.bench.states import SourceKind
from avatar_core.errors import ConfigError
from avatar_core.media.file_source import FileSource
from avatar_core.media.microphone import MicrophoneSource
from avatar_core.media.source import AudioSource, SyncPatternSource
from avatar_core.media.speech import SYNC_PATTERN_FILE, bundled_speech

PATTERN_ID = "sync-pattern"
MICROPHONE_ID = "microphone"
_PATTERN_S = 30.0


class Sources:
    """Owned by the session. Ids are stable: the file's stem for what is bundled, the path for what is added."""

    def __init__(self) -> None:
        self._files: dict[str, Path] = {}
        self._infos: dict[str, SourceInfo] = {}
        self._utterance = 0
        for speech in bundled_speech():
            if speech.path.name != SYNC_PATTERN_FILE:
                self._offer(speech.path.stem, speech.path, speech.title, _wav_duration_s(speech.path))
        self._infos[PATTERN_ID] = SourceInfo(PATTERN_ID, "Sync pattern", SourceKind.PATTERN, _PATTERN_S)
        self._infos[MICROPHONE_ID] = SourceInfo(MICROPHONE_ID, "Microphone", SourceKind.MICROPHONE, None)
        self.selected_id = next(iter(self._infos))

    @property
    def infos(self) -> tuple[SourceInfo, ...]:
        """All on offer, in the order in which they are shown."""
        return tuple(self._infos.values())

    def get(self, source_id: str) -> SourceInfo:
        """The source of that id; raises ConfigError, which names those there are."""
        if source_id not in self._infos:
            raise ConfigError(f"There is no source {source_id!r}. There are: {', '.join(self._infos)}.")
        return self._infos[source_id]

    def open(self, source_id: str) -> AudioSource:
        """A fresh reading of the source; errors of files and devices come with the first frame."""
        self.get(source_id)
        if source_id == PATTERN_ID:
            self._utterance += 1
            return SyncPatternSource(self._utterance, duration_s=_PATTERN_S)
        if source_id == MICROPHONE_ID:
            return MicrophoneSource()
        return FileSource(self._files[source_id], name=self._infos[source_id].name)

    async def add(self, path: Path) -> SourceInfo:
        """Offer the sound of a file and select it; raises SourceError where it has none that can be read."""
        probe = FileSource(path)
        async for _ in probe:
            await probe.aclose()
        self._offer(str(path), path, path.name, probe.duration_s)
        self.selected_id = str(path)
        return self._infos[str(path)]

    def _offer(self, source_id: str, path: Path, name: str, duration_s: float | None) -> None:
        self._files[source_id] = path
        self._infos[source_id] = SourceInfo(source_id, name, SourceKind.FILE, duration_s)


def _wav_duration_s(path: Path) -> float:
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()
