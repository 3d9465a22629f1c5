"""Between a VideoSDK meeting and a LiveKit room: a process that stands in each for one participant of the other.

It runs by an interpreter of its own, which has VideoSDK's SDK, or by ours over the stand-in of a meeting. Nothing here
knows of providers, nor of what the messages say.
"""
