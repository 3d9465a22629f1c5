"""Media values and what shapes them: frames, PCM buffers, resampling, sources, the sync pattern, bundled speech.

Nothing here knows a room, a process or a clock of its own.
"""
