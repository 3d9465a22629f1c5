"""Observing: a session that joins somebody else's room, drives nothing, and measures all that a viewer can.

Its window, its figures and its verdicts are every session's; what is here is who is observed, and when it is there.
"""
