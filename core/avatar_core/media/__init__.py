"""Media values and what shapes them: frames, PCM buffers, resampling, mixing, sources, the sync pattern, the muxer.

Nothing here knows a room, a process or a clock of its own.
"""
