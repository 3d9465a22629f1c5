"""The agent's audio output: the AudioOutput contract, its chain, the swap proxy at the bottom, and in-process leaves.

Nothing here knows a room, a process or a wire; those leaves stand in `avatar_core.room`.
"""
