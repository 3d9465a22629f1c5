"""The session that drives an avatar: connecting, speaking, swapping, losing one, and its view for a window.

`bench.observe` has the one that drives nothing; both are a ViewedSession.
"""
