"""VideoSDK's avatar module under its own names: thin adapters over playback and avatar.

No logic of its own beyond VideoSDK's signatures and frame types.
"""
