"""The bench itself. Here is what a window and a report see of a session; the rest stands in the packages of this one.

Only `settings.config` reads the environment.
"""
