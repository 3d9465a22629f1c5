from PySide6.QtGui import QFontInfo, QFontMetricsF
from PySide6.QtWidgets import QApplication

from avatar_gui.fonts import Type, load_fonts


def test_qt_takes_every_shipped_font_and_uses_it(qapp: QApplication) -> None:
    assert load_fonts() == []
    for use in Type:
        family = "JetBrains Mono" if use is Type.MONO else "Inter"
        assert QFontInfo(use.font()).family() == family, use


def test_digits_are_as_wide_as_each_other(qapp: QApplication) -> None:
    load_fonts()
    for use in Type:
        metrics = QFontMetricsF(use.font())
        widths_px = [metrics.horizontalAdvance(digit * 10) / 10 for digit in "0123456789"]
        assert max(widths_px) - min(widths_px) < 0.1, use
