"""Tests of the window take its fixtures from the plugin that the package ships."""

from avatar_gui.pytest_plugin import drive_window, qasync_loop, run

__all__ = ["drive_window", "qasync_loop", "run"]
