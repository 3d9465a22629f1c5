"""The figures of a session: every metric by name, its samples, and whether they are trusted."""
