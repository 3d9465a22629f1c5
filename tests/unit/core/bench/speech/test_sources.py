from pathlib import Path

import pytest

from avatar_core.bench.speech.sources import MICROPHONE_ID, PATTERN_ID, Sources
from avatar_core.bench.states import SourceKind
from avatar_core.errors import ConfigError
from avatar_core.media.file_source import FileSource
from avatar_core.media.microphone import MicrophoneSource
from avatar_core.media.source import SourceError, SyncPatternSource
from avatar_core.media.speech import bundled_speech


def test_bundled_speech_comes_first_then_pattern_and_microphone() -> None:
    infos = Sources().infos
    assert [info.kind for info in infos] == [SourceKind.FILE] * (len(infos) - 2) + [
        SourceKind.PATTERN,
        SourceKind.MICROPHONE,
    ]
    assert all(info.duration_s and 5 < info.duration_s < 60 for info in infos[:-1])
    assert Sources().selected_id == infos[0].id


def test_each_reading_of_the_pattern_is_another_utterance() -> None:
    sources = Sources()
    first, second = sources.open(PATTERN_ID), sources.open(PATTERN_ID)
    assert isinstance(first, SyncPatternSource)
    assert first.name != second.name


def test_files_and_the_microphone_are_opened_by_their_ids() -> None:
    sources = Sources()
    assert isinstance(sources.open(sources.selected_id), FileSource)
    assert isinstance(sources.open(MICROPHONE_ID), MicrophoneSource)


def test_an_unknown_id_is_refused_by_naming_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'nothing'.*sync-pattern, microphone"):
        Sources().open("nothing")


async def test_a_file_that_is_added_is_offered_and_selected() -> None:
    sources, path = Sources(), bundled_speech()[0].path
    added = await sources.add(path)
    assert (added.id, added.name, sources.selected_id) == (str(path), path.name, str(path))
    assert added.duration_s
    assert isinstance(sources.open(added.id), FileSource)


@pytest.mark.parametrize("content", [None, b"no sound at all"])
async def test_a_file_without_sound_is_refused_and_changes_nothing(tmp_path: Path, content: bytes | None) -> None:
    sources, path = Sources(), tmp_path / "broken.wav"
    before = sources.infos, sources.selected_id
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=r"broken\.wav"):
        await sources.add(path)
    assert (sources.infos, sources.selected_id) == before
