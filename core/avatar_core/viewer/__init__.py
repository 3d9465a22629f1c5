"""The viewer process: probes, detectors, preview frames, monitor, recording.

It sees what an end user sees and publishes nothing.
"""
