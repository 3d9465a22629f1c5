"""The embedded LiveKit-compatible room for one machine: signalling, transports, forwarding.

It runs in a process of its own, knows nothing of avatars, and imports only the leaves of avatar_core.
"""
