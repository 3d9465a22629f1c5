"""The avatar's side: AvatarRunner, generators, AVSynchronizer and its outputs, the dispatcher, planted faults.

No measurement and no user interface.
"""
