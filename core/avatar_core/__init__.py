"""The headless core of the avatar testbench: asyncio only, never Qt.

Each package's docstring says what belongs there and what may not; docs/ARCHITECTURE.md draws how they connect.
"""

__version__ = "0.1.0"
