"""The viewer's process as the session sees it: what it shows, hears, remembers and records."""
