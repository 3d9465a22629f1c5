"""The headless command line: its arguments, and how it ends. What a command does is in `bench.commands`."""
