"""What a mouth in sync reads, and what is said where that is not known."""

from avatar_core.metrics.lip_sync.bias import Biases


def test_a_calibrated_bias_is_taken_off_and_the_raw_value_stays() -> None:
    reading = Biases({("acme", "burst"): 28.0}).read(108.0, provider="acme", utterance="burst")
    assert (reading.offset_ms, reading.raw_ms) == (80.0, 108.0)
    assert reading.note == "raw +108 ms, calibrated bias +28 ms"


def test_the_bias_of_another_utterance_or_provider_is_not_borrowed() -> None:
    biases = Biases({("acme", "burst"): 28.0})
    for provider, utterance in (("acme", "monologue"), ("other", "burst")):
        reading = biases.read(108.0, provider=provider, utterance=utterance)
        assert reading.offset_ms is None
        assert reading.note.startswith("relative only")


def test_without_calibration_it_is_said_how_far_the_truth_may_lie() -> None:
    assert "between -75 and +35 ms of it" in Biases().read(0.0, provider="a", utterance="b").note
