from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from avatar_gui.plots.flags import FlagPlace, place_flags


def test_flags_go_beside_each_other_then_below_then_become_letters() -> None:
    places = place_flags([0, 10, 20, 300], [100, 100, 100, 100], 18, 800)
    assert places == [
        FlagPlace(0, 0, False),
        FlagPlace(10, 1, False),
        FlagPlace(20, 0, True),
        FlagPlace(300, 0, False),
    ]


def test_a_flag_at_the_end_stands_left_of_its_mark() -> None:
    assert place_flags([760], [100], 18, 800) == [FlagPlace(660, 0, False)]


@given(st.lists(st.tuples(st.floats(0, 800), st.floats(20, 200)), max_size=30))
def test_whole_flags_never_overlap(flags: list[tuple[float, float]]) -> None:
    flags = sorted(flags)
    places = place_flags([x for x, _ in flags], [width for _, width in flags], 18, 800)
    for row in (0, 1):
        spans = [
            (place.left_px, place.left_px + width)
            for place, (_, width) in zip(places, flags, strict=True)
            if place.row == row and not place.letter_only
        ]
        assert all(end <= start + 1e-6 for (_, end), (start, _) in pairwise(spans))
