"""The window: PySide6, qasync and pyqtgraph over avatar_core.bench, .metrics and .media.

It never decodes, converts, computes or waits; what keeps time lives in other processes.
"""
