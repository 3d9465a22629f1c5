"""What each command does, imported when it runs: a scenario, observing, calibrating, the fault matrix, hosting.

The command line that asks for it is `bench.cli`; the window runs its demo by the same functions.
"""
