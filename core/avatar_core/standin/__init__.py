"""Local stand-ins for the vendors' clouds, held to the same contract suite as the real ones."""
