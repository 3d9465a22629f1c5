"""What the window shows at which size (UI.md, grid). A pure function: folding is tested without a window."""

from dataclasses import dataclass

TOP_BAR_PX, STATUS_BAR_PX = 40, 26
SMALLEST = (1024, 640)
_WIDE_PX, _TALL_PX = 1360, 800
_VERY_WIDE_PX = 2000
_HEADER_PX = 28
_DOCK_PX, _FOLDED_PX = 134, 28
_CONTROLS_MIN_PX = 236
_BLOCK_PX, _SMALL_BLOCK_PX, _TIGHT_BLOCK_PX = 344, 338, 288
_PLOTS_COMFORT_PX = 270
_ALL_PLOTS_PX, _THREE_PLOTS_PX = 320, 190
_ASPECT = 16 / 9


@dataclass(frozen=True, slots=True)
class Fold:
    """Sizes in pixels and what is shown."""

    left_px: int
    right_px: int
    block_px: int
    preview_px: int
    docks: bool
    sent_plot: bool
    buffer_plot: bool
    one_line_cards: bool
    short_room: bool
    short_status: bool
    tight_controls: bool


def fold(width_px: int, height_px: int, notices_px: int = 0, *, docks_wanted: bool = False) -> Fold:
    """What fits into a window of this size while notices take `notices_px`. `docks_wanted`: keep the docks open."""
    wide, tall = width_px >= _WIDE_PX, height_px >= _TALL_PX
    very_wide = width_px >= _VERY_WIDE_PX
    left_px, right_px = (280, 360) if very_wide else (240, 304) if wide else (168, 296)
    docks = tall or docks_wanted
    centre_px = width_px - left_px - right_px - 2
    body_px = height_px - TOP_BAR_PX - STATUS_BAR_PX - notices_px - (_DOCK_PX if docks else _FOLDED_PX)
    block_px = _BLOCK_PX if tall else _SMALL_BLOCK_PX
    if body_px - block_px < _PLOTS_COMFORT_PX:
        block_px = max(_TIGHT_BLOCK_PX, min(block_px, body_px - _PLOTS_COMFORT_PX))
    if very_wide:
        block_px = max(block_px, body_px // 2)
    preview_px = round((block_px - _HEADER_PX) * _ASPECT)
    preview_px = min(preview_px, centre_px - _CONTROLS_MIN_PX)
    plots_px = body_px - block_px
    return Fold(
        left_px=left_px,
        right_px=right_px,
        block_px=block_px,
        preview_px=preview_px,
        docks=docks,
        sent_plot=plots_px >= _ALL_PLOTS_PX,
        buffer_plot=plots_px >= _THREE_PLOTS_PX,
        one_line_cards=not wide,
        short_room=not wide,
        short_status=not wide,
        tight_controls=block_px < _SMALL_BLOCK_PX,
    )
