"""A session without room, avatar or viewer: it drives the window for UI tests and for design, by the same contract.

See `bench.contract.Session`; the names that a test may rely on are in docs/ui-contract.md.
"""
