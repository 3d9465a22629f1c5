"""Tests of the window take its fixtures from the plugin that the package ships."""

from avatar_gui.pytest_plugin import drive_window, garbage_stays_here, qasync_loop, run

__all__ = ["drive_window", "garbage_stays_here", "qasync_loop", "run"]
