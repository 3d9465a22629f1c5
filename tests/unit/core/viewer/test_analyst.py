"""The analyst: from the files of an utterance to its figures."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avatar_core.child import ChildProcess
from avatar_core.metrics.observations import Observation, Sound
from avatar_core.viewer.analyst import Analyst
from avatar_core.viewer.observation_file import save_recalled, save_sound
from avatar_core.viewer.recollection import Recalled, Recollection
from avatar_core.wire.analysis import ANALYST_COMMANDS, ANALYST_EVENTS, Analyze, Analyzed, AnalyzeFace
from tests.faces.clips import clip
from tests.faces.ten import BY_LOUDNESS
from tests.fakes.heard_speech import SENT_S, at, heard, played, speech, spoken_places

SAID = speech("ada-welcome", 5.0)


def analyzed(
    analyst: Analyst,
    folder: Path,
    sound: Sound | None,
    *,
    said: Sound = SAID,
    position_s: float = 5.0,
    interrupted: bool = False,
    elsewhere: str | None = None,
) -> Analyzed:
    save_sound(folder / "said.npz", said)
    if sound is not None:
        save_sound(folder / "seen.npz", sound)
    else:
        save_recalled(folder / "seen.npz", Recollection().since(0.0))
    times = SENT_S - 0.1, SENT_S + 0.02, SENT_S + position_s + 0.1
    paths = str(folder / "said.npz"), str(folder / "seen.npz")
    return analyst.analyze(Analyze(4, "avatar", *paths, elsewhere, *times, position_s, interrupted))


def test_clean_utterance_has_every_figure_of_speech_and_its_course(tmp_path: Path) -> None:
    answer = analyzed(Analyst(), tmp_path, heard(played(SAID)))
    assert (answer.request_id, answer.recognized, answer.why) == (4, True, "")
    single = {name: values[0] for name, values in answer.values.items()}
    assert single["utterance_latency_ms"] == pytest.approx(100, abs=2)
    assert single["started_error_ms"] == pytest.approx(20, abs=2)
    assert single["audio_gap_count"] == single["click_count"] == single["clipped_percent"] == 0
    assert "position_error_ms" not in single and "leak_into_next_ms" not in single


def test_interrupted_utterance_tells_how_wrong_the_position_was_that_it_reported(tmp_path: Path) -> None:
    place_s = spoken_places(played(SAID), 0.1, 1)[0] + 0.1
    sound = heard(played(SAID)[: at(place_s)])
    answer = analyzed(Analyst(), tmp_path, sound, position_s=place_s + 0.5, interrupted=True)
    assert answer.recognized
    assert answer.values["position_error_ms"][0] == pytest.approx(500, abs=60)
    assert "missing_end_ms" not in answer.values


def test_cut_utterance_is_looked_for_in_the_next_one(tmp_path: Path) -> None:
    analyst = Analyst()
    analyzed(analyst, tmp_path, heard(played(SAID)[: at(2.0)]), position_s=2.0, interrupted=True)
    assert analyzed(analyst, tmp_path, heard(played(SAID))).values["leak_into_next_ms"] == (0.0,)
    assert "leak_into_next_ms" not in analyzed(analyst, tmp_path, heard(played(SAID))).values


def test_silence_is_told_as_such(tmp_path: Path) -> None:
    answer = analyzed(Analyst(), tmp_path, heard(np.zeros(at(5.0), np.int16)))
    assert (answer.recognized, answer.why) == (False, "it was not recognized")
    assert answer.values["silence_in_segment_ms"][0] == pytest.approx(5080, abs=20)
    assert analyzed(Analyst(), tmp_path, None).recognized is False


def test_where_a_click_was_heard_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    samples = played(SAID).astype(np.int32)
    samples[at(2.3)] += 20_000
    answer = analyzed(Analyst(), tmp_path, heard(samples))
    begun_s = 2.3 - answer.first_sound_s + SENT_S
    (place,) = re.findall(r"avatar: clicks at (\d\.\d{3}) s of", caplog.text)
    assert float(place) == pytest.approx(begun_s, abs=0.004)


@pytest.mark.parametrize(
    ("said", "position_s", "interrupted", "enough"),
    [
        (SAID, 5.0, False, True),
        (SAID, 2.0, True, True),
        (SAID, 0.3, True, False),
        (Sound(np.zeros(SAID.sample_rate_hz, np.int16), SAID.sample_rate_hz), 1.0, False, False),
        (Sound(SAID.between(1.0, 1.4).samples, SAID.sample_rate_hz), 0.4, False, True),
    ],
    ids=["all", "two seconds", "a syllable", "silence", "a word"],
)
def test_nobody_is_missed_of_whom_next_to_nothing_was_to_be_heard(
    tmp_path: Path, said: Sound, position_s: float, *, interrupted: bool, enough: bool
) -> None:
    silence = heard(np.zeros(at(5.0), np.int16))
    answer = analyzed(Analyst(), tmp_path, silence, said=said, position_s=position_s, interrupted=interrupted)
    assert (answer.recognized, answer.enough) == (False, enough)


def test_file_that_is_gone_is_told(tmp_path: Path) -> None:
    answer = Analyst().analyze(Analyze(1, "avatar", "/none/said", "/none/seen", None, 1.0, None, None, None, False))
    assert not answer.recognized
    assert "can't be read" in answer.why


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_words_on_the_avatar_before_are_counted(tmp_path: Path, share: float) -> None:
    place_s = spoken_places(played(SAID), 0.2, 1)[0]
    wrong = played(SAID)[at(place_s) : at(place_s + share)]
    save_sound(tmp_path / "before.npz", heard(wrong))
    answer = analyzed(Analyst(), tmp_path, heard(played(SAID)), elsewhere=str(tmp_path / "before.npz"))
    assert answer.values["swap_wrong_avatar_ms"][0] == pytest.approx(share * 1000, abs=100)
    assert "swap_wrong_avatar_ms" not in analyzed(Analyst(), tmp_path, heard(played(SAID))).values


def recalled(seen: Observation) -> Recalled:
    times_s = np.array([picture.at_s for picture in seen.pictures])
    sizes_px = np.array([(picture.width_px, picture.height_px) for picture in seen.pictures], np.int32)
    return Recalled(seen.sound, times_s, sizes_px, np.stack([picture.thumbnail for picture in seen.pictures]))


def test_a_face_is_followed_from_file_to_file(tmp_path: Path) -> None:
    seen, analyst = clip(replace(BY_LOUDNESS, length_s=16.0)), Analyst()
    answers = []
    for since_s, until_s in ((0.0, 4.0), (3.8, 12.0), (11.8, 16.0)):
        save_recalled(tmp_path / "seen.npz", recalled(seen.between(since_s, until_s)))
        answers.append(analyst.analyze_face(AnalyzeFace(5, "ada", str(tmp_path / "seen.npz"))))
    assert (answers[0].offset_ms, answers[0].why) == (None, "watched for too short a time")
    assert (answers[1].offset_ms, answers[1].why) == (None, "found once, to be confirmed by the next look")
    assert answers[2].offset_ms is not None and abs(answers[2].offset_ms) < 60
    assert analyst.analyze_face(AnalyzeFace(6, "bob", str(tmp_path / "seen.npz"))).offset_ms is None


def test_file_of_a_face_that_is_gone_is_told() -> None:
    assert "can't be read" in Analyst().analyze_face(AnalyzeFace(1, "ada", "/none/seen")).why


async def test_one_that_is_measuring_ends_when_it_is_asked_to_and_need_not_be_killed(tmp_path: Path) -> None:
    child = await ChildProcess.start("avatar_core.viewer.analyst", name="analyst", grace_s=60.0)
    said = speech("ada-monologue", 30.0)
    save_sound(tmp_path / "said.npz", said)
    save_sound(tmp_path / "seen.npz", heard(played(said)))
    paths = str(tmp_path / "said.npz"), str(tmp_path / "seen.npz")
    for number in range(100):
        order = Analyze(number, "avatar", *paths, None, SENT_S, SENT_S, SENT_S + 30.0, 30.0, False)
        child.send_line(ANALYST_COMMANDS.encode(order))
    # Its first answer shows that it is at the next one, of many.
    async for line in child.lines():
        assert ANALYST_EVENTS.decode(line).request_id == 0
        break
    await child.aclose()
    assert await child.ended == 0
    assert [line async for line in child.lines()] == []


async def test_one_that_waits_for_orders_ends_as_well(tmp_path: Path) -> None:
    child = await ChildProcess.start("avatar_core.viewer.analyst", name="analyst", grace_s=60.0)
    child.send_line(ANALYST_COMMANDS.encode(AnalyzeFace(1, "ada", "/none/seen")))
    async for _ in child.lines():
        break
    await child.aclose()
    assert await child.ended == 0
