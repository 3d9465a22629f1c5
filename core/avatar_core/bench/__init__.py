"""The bench itself: configuration, commands, events, session, scenario, report, and the headless command line.

The only package that reads the environment (in its config module).
"""
