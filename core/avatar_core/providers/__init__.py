"""Who can be the avatar: the provider contract, the registry and its entries.

The only importer of livekit.agents and livekit.plugins.
"""
