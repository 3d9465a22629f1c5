"""How long a test waits for what must come: a guard against hanging, and never a measure of speed."""

LIMIT_S = 60.0
"""More than the slowest machine takes for any one step."""
