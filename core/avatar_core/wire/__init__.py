"""Message formats only: encode and decode what travels between processes and participants.

No I/O, no tasks, no state.
"""
