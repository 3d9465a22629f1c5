"""Where a session plays: the room and its avatars, how they come, are swapped and interrupted, and leave."""
