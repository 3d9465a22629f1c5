"""Python's garbage collector, kept on the GUI thread.

Left to itself it runs in whichever thread allocates: freed there, a QObject or a closed loop leaves timers behind that
only its own thread could stop, and Qt crashes when they are due.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer

INTERVAL_MS = 500


@contextmanager
def collected_here() -> Iterator[None]:
    """Collect in this thread alone, by a timer of its loop, while the context lasts.

    What is there at the start is frozen: it is never looked at again, which keeps each collection short.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    timer = QTimer()
    timer.setInterval(INTERVAL_MS)
    timer.timeout.connect(collect_due)
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        gc.collect()
        gc.unfreeze()
        gc.enable()


def collect_due() -> None:
    """The oldest generation that is due by the collector's own thresholds, as it would do by itself."""
    for generation in (2, 1, 0):
        if gc.get_count()[generation] > gc.get_threshold()[generation]:
            gc.collect(generation)
            return
