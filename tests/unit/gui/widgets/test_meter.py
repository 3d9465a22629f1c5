import pytest
from pytestqt.qtbot import QtBot

from avatar_core.bench.snapshot import Levels
from avatar_gui.icons import Icons
from avatar_gui.widgets.meter import CELLS, LevelMeter


@pytest.mark.parametrize(
    ("rms_dbfs", "lit"), [(None, 0), (-90.0, 0), (-60.0, 0), (-30.0, CELLS // 2), (0.0, CELLS), (3.0, CELLS)]
)
def test_cells_follow_the_loudness(rms_dbfs: float | None, lit: int, icons: Icons, qtbot: QtBot) -> None:
    meter = LevelMeter(icons, "meter")
    qtbot.addWidget(meter)
    meter.show_levels(Levels(rms_dbfs), muted=False)
    assert meter.lit == lit


def test_a_muted_monitor_is_still_metered_and_says_so(icons: Icons, qtbot: QtBot) -> None:
    meter = LevelMeter(icons, "meter")
    qtbot.addWidget(meter)
    meter.show_levels(Levels(-18.0), muted=True)
    assert meter.lit > 0
    assert meter.accessibleName() == "Level: \u221218 dBFS, muted"
