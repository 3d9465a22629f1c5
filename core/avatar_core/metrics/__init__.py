"""Pure measurement: series, ledger, offset, summary, thresholds.

No tasks, no I/O, no clock of its own.
"""
