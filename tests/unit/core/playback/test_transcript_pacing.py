import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_core.playback.transcript_pacing import LETTERS_PER_S, PacedText

TEXT = "Hello there, this is a test. It goes on."


def paced(text: str, *, piece: int = 3) -> PacedText:
    made = PacedText()
    for start in range(0, len(text), piece):
        made.push(text[start : start + piece])
    made.finish()
    return made


@given(st.text(max_size=200), st.integers(1, 20))
def test_no_letter_is_lost_however_the_text_is_cut(text: str, piece: int) -> None:
    made = paced(text, piece=piece)
    assert made.text == text
    if text.strip():
        assert made.heard(1.0, 1.0) == text


@given(st.lists(st.floats(0, 10), min_size=2, max_size=2).map(sorted))
def test_what_is_heard_only_grows_and_is_a_beginning_of_the_text(positions_s: list[float]) -> None:
    made = paced(TEXT)
    earlier, later = (made.heard(position_s, 10.0) for position_s in positions_s)
    assert later.startswith(earlier)
    assert TEXT.startswith(later)


def test_words_take_their_share_of_the_speech() -> None:
    made = paced("one two three four")
    assert made.heard(0.0, 4.0) == ""
    assert made.heard(0.1, 4.0) == "one "
    assert made.heard(2.0, 4.0) == "one two three "
    assert made.heard(4.0, 4.0) == "one two three four"


def test_a_pause_after_a_sentence_takes_time() -> None:
    plain, paused = paced("aaaa bbbb cccc"), paced("aaaa. bbbb cccc")
    middle = 0.4
    assert len(paused.heard(middle, 1.0).split()) < len(plain.heard(middle, 1.0).split())


def test_until_the_length_is_known_a_common_rate_holds() -> None:
    made = PacedText()
    made.push("abcdefghijklm abcdefghijklm abcdefghijklm and")
    assert made.heard(14 / LETTERS_PER_S, None) == "abcdefghijklm "
    assert made.heard(15 / LETTERS_PER_S, None) == "abcdefghijklm abcdefghijklm "


def test_word_that_may_go_on_is_not_let_out() -> None:
    made = PacedText()
    made.push("hel")
    assert made.heard(10.0, None) == ""
    made.push("lo world")
    assert made.heard(10.0, None) == "hello "


@pytest.mark.parametrize("duration_s", [0.0, 1.0])
def test_empty_text_gives_nothing(duration_s: float) -> None:
    assert paced("").heard(1.0, duration_s) == ""
