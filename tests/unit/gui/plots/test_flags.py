from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from avatar_gui.plots.flags import FlagPlace, place_flags


def test_flags_go_beside_each_other_then_below_then_the_older_become_letters() -> None:
    places = place_flags([0, 10, 20, 300], [100, 100, 100, 100], 18, 800)
    assert places == [
        FlagPlace(0, 0, True),
        FlagPlace(10, 1, False),
        FlagPlace(20, 0, False),
        FlagPlace(300, 0, False),
    ]


def test_a_letter_gives_way_by_its_width_and_what_is_nearer_is_left_to_its_line() -> None:
    places = place_flags([0, 1, 2, 3, 4, 5, 6], [100] * 7, 18, 800)
    assert places == [
        FlagPlace(0, 0, True),
        FlagPlace(1, 1, True),
        FlagPlace(18, 0, True),
        FlagPlace(19, 1, True),
        None,
        None,
        None,
    ]


def test_a_flag_at_the_end_stands_left_of_its_mark() -> None:
    assert place_flags([760], [100], 18, 800) == [FlagPlace(660, 0, False)]


@given(st.lists(st.tuples(st.floats(0, 800), st.floats(20, 200)), max_size=30))
def test_no_flag_covers_another(flags: list[tuple[float, float]]) -> None:
    flags = sorted(flags)
    places = place_flags([x for x, _ in flags], [width for _, width in flags], 18, 800)
    for row in (0, 1):
        spans = sorted(
            (place.left_px, place.left_px + (18 if place.letter_only else width))
            for place, (_, width) in zip(places, flags, strict=True)
            if place is not None and place.row == row
        )
        assert all(end <= start + 1e-6 for (_, end), (start, _) in pairwise(spans))
