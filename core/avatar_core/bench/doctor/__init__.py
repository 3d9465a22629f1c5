"""What this machine has and lacks for the bench: one module per subject, each a probe and a pure judgement.

Nothing here mends or installs anything, and nothing here shows a secret.
"""
