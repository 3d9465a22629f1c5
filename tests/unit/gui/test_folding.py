import pytest

from avatar_gui.folding import SMALLEST, fold

NOTICES_PX = 129


def test_the_usual_window_shows_everything() -> None:
    usual = fold(1440, 900)
    assert (usual.left_px, usual.right_px, usual.block_px) == (240, 304, 344)
    assert usual.preview_px == round((344 - 28) * 16 / 9)
    assert usual.docks and usual.sent_plot and usual.buffer_plot
    assert not (usual.one_line_cards or usual.short_room or usual.short_status or usual.tight_controls)


def test_1280x720_folds_log_cards_room_and_the_sent_plot() -> None:
    small = fold(1280, 720)
    assert (small.left_px, small.right_px, small.block_px) == (168, 296, 338)
    assert not small.docks and not small.sent_plot
    assert small.buffer_plot and small.one_line_cards and small.short_room and small.short_status


@pytest.mark.parametrize("size", [SMALLEST, (1280, 720), (1440, 900), (1920, 1080), (2560, 1440), (3840, 2160)])
@pytest.mark.parametrize("notices_px", [0, NOTICES_PX])
def test_nothing_overlaps_at_any_size(size: tuple[int, int], notices_px: int) -> None:
    width_px, height_px = size
    sizes = fold(width_px, height_px, notices_px)
    centre_px = width_px - sizes.left_px - sizes.right_px - 2
    assert centre_px - sizes.preview_px >= 236
    left_for_plots_px = height_px - 40 - 26 - notices_px - (134 if sizes.docks else 28) - sizes.block_px
    assert left_for_plots_px >= 120


def test_notices_make_controls_tight_before_the_plots_go() -> None:
    calm, troubled = fold(1440, 900), fold(1440, 900, NOTICES_PX)
    assert calm.block_px > troubled.block_px
    assert troubled.tight_controls and not troubled.sent_plot and troubled.buffer_plot


def test_the_docks_stay_where_the_user_wants_them() -> None:
    assert fold(1280, 720, docks_wanted=True).docks


def test_a_wide_window_gives_half_its_height_to_the_picture() -> None:
    wide = fold(2560, 1440)
    assert wide.block_px == (1440 - 40 - 26 - 134) // 2
    assert (wide.left_px, wide.right_px) == (280, 360)
