"""Data that travels with the program: icons, fonts, speech, scenarios, thresholds, style. No code.

Reached by `importlib.resources.files("avatar_assets")`, from a checkout and from a wheel alike.
"""
