"""`analyze`: a recording is measured as a live viewer is, and a bad file is told."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avatar_core.bench.commands.analysis import analyze, read_reference, run_analysis
from avatar_core.errors import ConfigError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.media.muxer import AudioTrack, Muxer, VideoTrack
from avatar_core.media.pixels import i420_planes
from avatar_core.media.speech import bundled_speech
from avatar_core.media.sync_pattern import BEEP_PERIOD_S, BEEP_PHASE_S, BEEP_S, synthesize
from avatar_core.media.sync_picture import FLASH_AREA, WHITE
from tests.faces.clips import pictures
from tests.faces.speech import RATE_HZ as SPOKEN_HZ
from tests.faces.speech import speech as spoken
from tests.faces.ten import BY_LOUDNESS
from tests.fakes.heard_speech import at, heard, played, speech

RATE, FPS = 48_000, 50
WIDTH, HEIGHT = 160, 96


def quietly(read_s: float, whole_s: float | None) -> None:
    pass


def pattern(path: Path, offset_s: float, seconds: float = 6.0) -> Path:
    """The sync pattern, its pictures `offset_s` late."""
    muxer = Muxer(path, audio=AudioTrack(lossless=True), video=VideoTrack(WIDTH, HEIGHT, FPS))
    sound = synthesize(0, 0, round(seconds * RATE), RATE)
    for index in range(round(seconds * FPS)):
        pixels = np.full(WIDTH * HEIGHT * 3 // 2, 128, np.uint8)
        luma = i420_planes(pixels, WIDTH, HEIGHT)[0]
        luma[:] = 30
        since = index - round(BEEP_PHASE_S * FPS)
        if since >= 0 and since % round(BEEP_PERIOD_S * FPS) < round(BEEP_S * FPS):
            luma[FLASH_AREA.slices(HEIGHT, WIDTH)] = WHITE
        muxer.write_audio(AudioFrame(sound[index * RATE // FPS : (index + 1) * RATE // FPS], RATE), index / FPS)
        muxer.write_video(VideoFrame(pixels, WIDTH, HEIGHT, 0.0), index / FPS + 0.2 + offset_s)
    muxer.close()
    return path


@pytest.mark.parametrize("offset_ms", [-120, 0, 80])
def test_offset_of_the_sync_pattern_is_read_from_a_recording(tmp_path: Path, offset_ms: int) -> None:
    analysis = analyze(pattern(tmp_path / "a.mkv", offset_ms / 1000), None, quietly)
    assert analysis.measured["av_offset_ms"] == pytest.approx([200 + offset_ms] * 6, abs=2)
    assert analysis.figures["fps"].p50 == pytest.approx(FPS, rel=0.01)
    assert analysis.recognized is None and not analysis.torn


def test_offset_of_a_face_is_read_from_a_recording_and_said_to_be_relative(tmp_path: Path) -> None:
    recipe = replace(BY_LOUDNESS, length_s=18.0)
    said = spoken(recipe.kind, recipe.seed, recipe.length_s)
    muxer = Muxer(
        tmp_path / "a.mkv",
        audio=AudioTrack(SPOKEN_HZ),
        video=VideoTrack(recipe.width_px, recipe.height_px, recipe.fps),
    )
    piece, gray = SPOKEN_HZ // recipe.fps, np.full(recipe.width_px * recipe.height_px // 2, 128, np.uint8)
    for index, luma in enumerate(pictures(recipe, said)):
        at_s = index / recipe.fps
        muxer.write_audio(AudioFrame(said.samples[index * piece : (index + 1) * piece], SPOKEN_HZ), at_s)
        picture = np.concatenate((luma.reshape(-1), gray))
        muxer.write_video(VideoFrame(picture, recipe.width_px, recipe.height_px, 0.0), at_s + 0.08)
    muxer.close()
    analysis = analyze(tmp_path / "a.mkv", None, quietly)
    assert analysis.figures["av_offset_faces_ms"].p50 == pytest.approx(80, abs=15)
    assert "av_offset_faces_ms: confidence" in analysis.to_text() and "relative only" in analysis.to_text()


def test_a_recording_without_a_face_says_why_it_has_no_offset(tmp_path: Path) -> None:
    muxer = Muxer(tmp_path / "a.wav", audio=AudioTrack(8_000))
    muxer.write_audio(AudioFrame(np.ones(8_000 * 20, np.int16), 8_000), 0.0)
    muxer.close()
    notes = analyze(tmp_path / "a.wav", None, quietly).to_json_object()["notes"]
    assert notes["av_offset_faces_ms"].startswith("refused")


def test_speech_is_compared_with_its_reference(tmp_path: Path) -> None:
    path = next(one.path for one in bundled_speech() if "ada-welcome" in one.path.name)
    samples = played(speech("ada-welcome"))
    samples[at(3.0) : at(3.0) + at(0.4)] = 0
    muxer = Muxer(tmp_path / "a.mkv", audio=AudioTrack())
    muxer.write_audio(AudioFrame(heard(samples).samples, RATE), 0.0)
    muxer.close()
    analysis = analyze(tmp_path / "a.mkv", read_reference(path), quietly)
    assert analysis.recognized
    assert analysis.figures["audio_gap_count"].max >= 1
    assert analysis.figures["duration_ratio"].p50 == pytest.approx(1.0, abs=0.005)
    assert {"utterance_latency_ms", "resolution_changes"} & set(analysis.measured) == set()
    other = analyze(tmp_path / "a.mkv", speech("miles-numbers"), quietly)
    assert other.recognized is False and "was not recognized" in other.to_text()


def test_json_holds_every_figure_with_n_and_unit_and_the_histogram(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_analysis(pattern(tmp_path / "a.mkv", 0.0, 3.0), None, as_json=True)
    result = json.loads(capsys.readouterr().out)
    assert result["metrics"]["av_offset_ms"]["unit"] == "ms" and result["metrics"]["av_offset_ms"]["n"] == 3
    histogram = result["frame_interval_histogram"]
    assert sum(histogram["counts"]) == 149 and len(histogram["counts"]) == len(histogram["edges_ms"]) + 1


def test_progress_is_told(tmp_path: Path) -> None:
    muxer, told = Muxer(tmp_path / "a.wav", audio=AudioTrack(8_000)), list[float]()
    muxer.write_audio(AudioFrame(np.ones(8_000 * 45, np.int16), 8_000), 0.0)
    muxer.close()
    analyze(tmp_path / "a.wav", None, lambda read_s, _: told.append(read_s))
    assert len(told) >= 3 and told == sorted(told)


def test_bad_files_are_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "bad.mkv").write_bytes(b"nothing")
    with pytest.raises(ConfigError, match="can't be read as a recording"):
        analyze(tmp_path / "bad.mkv", None, quietly)
    muxer = Muxer(tmp_path / "silent.mkv", video=VideoTrack(64, 48))
    muxer.write_video(VideoFrame(np.zeros(64 * 48 * 3 // 2, np.uint8), 64, 48, 0.0), 0.0)
    muxer.close()
    with pytest.raises(ConfigError, match="holds no sound"):
        read_reference(tmp_path / "silent.mkv")
