"""Speech against its reference: each planted fault is found at its size, and clean speech shows none."""

from dataclasses import fields

import numpy as np
import pytest

from avatar_core.metrics.observations import HEARD_RATE_HZ, Mono, Sound
from avatar_core.metrics.speech import Utterance, compare, runs
from avatar_core.metrics.speech_features import LEVEL_HOP_S, levels
from tests.fakes.heard_speech import SENT_S, at, heard, played, raised, slowed, speech, spoken_places, stretched

SPOKEN = ("ada-welcome", "miles-bilabials", "iris-tour")


def found(reference: Sound, samples: Mono, *, bitrate_bps: int = 32_000) -> Utterance:
    utterance = compare(reference, heard(samples, bitrate_bps=bitrate_bps))
    assert utterance is not None
    return utterance


def flaws(utterance: Utterance) -> list[str]:
    """What is not as it should be, by name: of a clean utterance nothing is."""
    return [
        name
        for name, is_flaw in (
            ("latency", abs(utterance.latency_ms(SENT_S)) > 5),
            ("duration", abs(utterance.duration_ratio - 1) > 0.01),
            ("start", utterance.missing_start_ms > 40),
            ("end", utterance.missing_end_ms > 40),
            ("skipped", utterance.skipped_ms > 0),
            ("gaps", utterance.gaps != ()),
            ("clicks", utterance.clicks_s != ()),
            ("rate", utterance.rate_error_percent is None or abs(utterance.rate_error_percent) > 0.5),
            ("pitch", utterance.pitch_error_percent is None or abs(utterance.pitch_error_percent) > 0.5),
        )
        if is_flaw
    ]


@pytest.mark.parametrize("name", [*SPOKEN, "miles-numbers", "ada-monologue", "sync-pattern"])
@pytest.mark.parametrize("bitrate_bps", [20_000, 64_000])
def test_clean_speech_shows_no_flaw(name: str, bitrate_bps: int) -> None:
    reference = speech(name, 12.0)
    assert flaws(found(reference, played(reference), bitrate_bps=bitrate_bps)) == []


@pytest.mark.parametrize("name", SPOKEN)
def test_quiet_speech_and_a_jitter_buffers_stretching_are_no_flaw(name: str) -> None:
    reference = speech(name, 10.0)
    assert flaws(found(reference, (played(reference) * 0.3).astype(np.int16))) == []
    assert flaws(found(reference, stretched(played(reference)))) == []


@pytest.mark.parametrize("name", ["ada-monologue", "miles-numbers"])
def test_other_speech_is_not_taken_for_it(name: str) -> None:
    assert compare(speech("ada-welcome"), heard(played(speech(name, 15.0)))) is None
    assert compare(speech("ada-welcome"), heard(np.zeros(at(12.0), np.int16))) is None


@pytest.mark.parametrize("missing_s", [0.2, 0.5])
@pytest.mark.parametrize("name", SPOKEN)
def test_missing_start_is_found_at_its_length(name: str, missing_s: float) -> None:
    reference = speech(name, 10.0)
    samples = played(reference)
    onset_s = found(reference, samples).onset_s
    samples[: at(onset_s + missing_s)] = 0
    utterance = found(reference, samples)
    assert flaws(utterance) == ["start"]
    # Its next sound may be a little later than where the cut ends.
    assert missing_s * 1000 - 15 <= utterance.missing_start_ms <= missing_s * 1000 + 130


@pytest.mark.parametrize("missing_s", [0.2, 0.5])
@pytest.mark.parametrize("name", SPOKEN)
def test_missing_end_is_found_at_its_length(name: str, missing_s: float) -> None:
    reference = speech(name, 10.0)
    samples = played(reference)
    end_s = found(reference, samples).end_s - SENT_S
    samples[at(end_s - missing_s) :] = 0
    utterance = found(reference, samples)
    assert flaws(utterance) == ["end"]
    # The codec rings on where it is cut, and the speech before may have been softer.
    assert missing_s * 1000 - 75 <= utterance.missing_end_ms <= missing_s * 1000 + 130


@pytest.mark.parametrize("gap_s", [0.06, 0.12])
@pytest.mark.parametrize("name", [*SPOKEN, "sync-pattern"])
def test_muted_speech_counts_as_gaps_at_their_place_and_length(name: str, gap_s: float) -> None:
    reference = speech(name, 10.0)
    samples = played(reference)
    cuts = spoken_places(samples, gap_s + 0.04, 3)
    for cut_s in cuts:
        samples[at(cut_s + 0.02) : at(cut_s + 0.02 + gap_s)] = 0
    utterance = found(reference, samples)
    assert len(cuts) == 3 and flaws(utterance) == ["gaps"]
    assert [at_s - SENT_S for at_s, _ in utterance.gaps] == pytest.approx([cut_s + 0.02 for cut_s in cuts], abs=0.02)
    assert [length_s for _, length_s in utterance.gaps] == pytest.approx([gap_s] * 3, abs=0.02)


@pytest.mark.parametrize("name", SPOKEN)
def test_pause_that_was_put_in_counts_as_gap_and_lengthens(name: str) -> None:
    reference = speech(name, 10.0)
    samples = played(reference)
    utterance = found(reference, np.concatenate((samples[: at(3.1)], np.zeros(at(0.25), np.int16), samples[at(3.1) :])))
    assert set(flaws(utterance)) == {"gaps", "duration"}
    # Next to it the alignment passes from one delay to the other.
    assert utterance.gap_ms == pytest.approx(250, abs=60)
    assert utterance.duration_ratio == pytest.approx(1.025, abs=0.003)


@pytest.mark.parametrize("name", SPOKEN)
def test_speech_left_out_in_the_middle_counts_as_skipped(name: str) -> None:
    reference = speech(name, 10.0)
    samples = played(reference)
    utterance = found(reference, np.concatenate((samples[: at(3.1)], samples[at(3.35) :])))
    assert {"skipped", "duration"} >= set(flaws(utterance)) >= {"skipped"}
    assert utterance.skipped_ms == pytest.approx(250, abs=5)


@pytest.mark.parametrize("level", [0.3, 0.8])
@pytest.mark.parametrize("name", [*SPOKEN, "sync-pattern"])
def test_clicks_are_found_and_nothing_else(name: str, level: float) -> None:
    reference = speech(name, 10.0)
    samples = played(reference).astype(np.int32)
    planted_s = [1.3 + 1.7 * index for index in range(5)]
    for click_s in planted_s:
        samples[at(click_s)] += round(level * 32767)
    utterance = found(reference, samples)
    assert set(flaws(utterance)) == {"clicks"}
    # One may hide in a sharp consonant.
    assert 3 <= len(utterance.clicks_s) <= 5
    assert all(min(abs(click_s - SENT_S - one) for one in planted_s) < 0.004 for click_s in utterance.clicks_s)


@pytest.mark.parametrize("ratio", [0.97, 1.02, 1.05, 1.1])
@pytest.mark.parametrize("name", SPOKEN)
def test_wrong_rate_is_told_with_its_pitch(name: str, ratio: float) -> None:
    reference = speech(name, 10.0)
    utterance = found(reference, slowed(played(reference), ratio))
    assert utterance.rate_error_percent == pytest.approx(100 * (ratio - 1), abs=0.15)
    assert utterance.pitch_error_percent == pytest.approx(100 * (1 / ratio - 1), abs=0.1)
    assert utterance.duration_ratio == pytest.approx(ratio, abs=0.006)
    assert utterance.missing_start_ms < 60 and utterance.missing_end_ms < 60 and utterance.clicks_s == ()


@pytest.mark.parametrize("ratio", [0.95, 1.02, 1.06])
@pytest.mark.parametrize("name", SPOKEN)
def test_wrong_pitch_is_told_and_no_wrong_rate(name: str, ratio: float) -> None:
    reference = speech(name, 10.0)
    utterance = found(reference, raised(played(reference), ratio))
    assert utterance.pitch_error_percent == pytest.approx(100 * (ratio - 1), abs=0.15)
    assert utterance.rate_error_percent == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("position_s", [1.7, 4.2])
@pytest.mark.parametrize("name", [*SPOKEN, "sync-pattern"])
def test_speech_that_was_broken_off_is_found_up_to_where_it_was_heard(name: str, position_s: float) -> None:
    reference = speech(name, 10.0)
    samples = played(reference)
    place_s = next(one for one in spoken_places(samples, 0.1, 100) if one + 0.1 >= position_s) + 0.1
    utterance = found(reference, samples[: at(place_s)])
    assert utterance.heard_until_s == pytest.approx(place_s, abs=0.1)
    assert utterance.latency_ms(SENT_S) == pytest.approx(0, abs=5)
    assert utterance.gaps == () and utterance.clicks_s == ()


@pytest.mark.parametrize("name", SPOKEN)
def test_other_speech_behind_one_that_was_broken_off_is_not_taken_for_the_rest(name: str) -> None:
    reference = speech(name, 10.0)
    samples = played(reference)
    place_s = next(one for one in spoken_places(samples, 0.1, 100) if one >= 2.5)
    utterance = found(reference, np.concatenate((samples[: at(place_s)], played(speech("ada-monologue", 6.0)))))
    assert utterance.heard_until_s == pytest.approx(place_s, abs=0.45)


def test_silence_in_place_of_speech_is_not_heard() -> None:
    reference = speech("ada-welcome")
    assert compare(reference, heard(np.zeros(len(played(reference)), np.int16))) is None


def test_every_time_is_in_the_time_of_what_was_heard() -> None:
    reference = speech("ada-welcome")
    utterance = found(reference, played(reference))
    assert utterance.first_sound_s == pytest.approx(SENT_S + utterance.onset_s, abs=0.001)
    assert utterance.end_s <= SENT_S + reference.duration_s + 0.02
    assert {field.name for field in fields(utterance)} >= {"alignment", "likeness"}


def test_a_cut_between_two_words_may_be_told_anywhere_between_them() -> None:
    said = speech("ada-monologue", 16.0)
    samples = played(said)
    loud = levels(samples / 32768, HEARD_RATE_HZ) > -45
    quiet_s = max(runs(~loud[: round(12 / LEVEL_HOP_S)]), key=lambda one: one[1] - one[0])
    begins_s, ends_s = (edge * LEVEL_HOP_S for edge in quiet_s)
    cut = compare(said, heard(samples[: at((begins_s + ends_s) / 2)]), cut=True)
    assert cut is not None
    assert (cut.heard_until_s, cut.silent_until_s) == (pytest.approx(begins_s, abs=0.1), pytest.approx(ends_s, abs=0.1))
    assert ends_s - begins_s > 0.3


@pytest.mark.parametrize(("name", "cut_s"), [("ada-monologue", 23.12), ("iris-tour", 4.29), ("miles-numbers", 10.0)])
def test_a_cut_is_where_it_is_however_like_what_was_said_before_the_rest_would_have_been(
    name: str, cut_s: float
) -> None:
    said, begins_s = speech(name, 30.0), max(0.0, cut_s - 9.0)
    reference = Sound(said.between(begins_s, cut_s + 2.0).samples, said.sample_rate_hz)
    found = compare(reference, heard(played(said)[: at(cut_s)]), earliest_s=SENT_S + begins_s - 0.5, cut=True)
    assert found is not None
    assert found.heard_until_s == pytest.approx(cut_s - begins_s, abs=0.1)
