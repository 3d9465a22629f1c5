"""The only importer of livekit.rtc: connections, tracks, data streams and RPC, and starting a room server as a child.

Nothing here knows what an avatar is.
"""
