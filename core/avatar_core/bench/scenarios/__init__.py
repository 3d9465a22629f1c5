"""Scenarios: what is done with a session, step by step. `steps` is their common vocabulary, `catalogue` names them.

They see a session alone; figures and verdicts are not theirs.
"""
