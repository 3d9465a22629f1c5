"""What the user sets or keeps: environment and `.env`, calibrations, thresholds, planted faults.

Nothing else reads the environment (`config`).
"""
