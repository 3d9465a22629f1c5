import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_core.media.pcm_buffer import Overflow, PcmBuffer


def ramp(start: int, count: int) -> np.ndarray:
    return np.arange(start, start + count, dtype=np.int16)[:, np.newaxis]


def test_pop_gives_exact_sizes_in_order_across_the_wrap() -> None:
    buffer = PcmBuffer(5)
    buffer.push(ramp(0, 4))
    assert buffer.pop(3)[:, 0].tolist() == [0, 1, 2]
    buffer.push(ramp(4, 4))
    assert buffer.pop(5)[:, 0].tolist() == [3, 4, 5, 6, 7]


def test_pop_takes_nothing_while_too_little_is_held() -> None:
    buffer = PcmBuffer(5)
    buffer.push(ramp(0, 2))
    assert buffer.pop(3) is None
    assert len(buffer) == 2


def test_refusing_buffer_keeps_the_oldest_and_counts() -> None:
    buffer = PcmBuffer(3)
    assert buffer.push(ramp(0, 5)) == 2
    assert buffer.dropped == 2
    assert buffer.pop_all()[:, 0].tolist() == [0, 1, 2]


def test_dropping_buffer_keeps_the_newest_and_counts() -> None:
    buffer = PcmBuffer(3, overflow="drop_oldest")
    buffer.push(ramp(0, 2))
    assert buffer.push(ramp(2, 5)) == 4
    assert buffer.pop_all()[:, 0].tolist() == [4, 5, 6]


def test_clear_counts_and_high_water_stays() -> None:
    buffer = PcmBuffer(10)
    buffer.push(ramp(0, 7))
    assert buffer.clear() == 7
    assert (len(buffer), buffer.cleared, buffer.high_water) == (0, 7, 7)


def test_samples_of_other_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="2 channels"):
        PcmBuffer(3, channels=2).push(ramp(0, 1))


@given(
    st.sampled_from(["refuse", "drop_oldest"]),
    st.integers(1, 9),
    st.lists(st.tuples(st.sampled_from(["push", "pop", "clear"]), st.integers(0, 20))),
)
def test_no_sample_is_ever_unaccounted_for(overflow: Overflow, capacity: int, steps: list[tuple[str, int]]) -> None:
    buffer = PcmBuffer(capacity, overflow=overflow)
    model: list[int] = []
    sent = 0
    for step, count in steps:
        if step == "push":
            buffer.push(ramp(sent, count))
            model += range(sent, sent + count)
            sent += count
            if overflow == "refuse":
                del model[capacity:]
            elif len(model) > capacity:
                del model[: len(model) - capacity]
        elif step == "clear":
            buffer.clear()
            model.clear()
        elif (taken := buffer.pop(count)) is not None:
            assert taken[:, 0].tolist() == model[:count]
            del model[:count]
        else:
            assert count > len(model)
        assert len(buffer) == len(model) <= capacity
        assert buffer.pushed == buffer.popped + buffer.dropped + buffer.cleared + len(buffer)
    assert buffer.pop_all()[:, 0].tolist() == model
