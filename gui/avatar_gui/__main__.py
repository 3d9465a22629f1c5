"""The console script `avatar-testbench`. Qt-free: headless commands go to avatar_core.bench.cli."""

import sys
from collections.abc import Sequence

from avatar_core.bench import cli


def main(argv: Sequence[str] | None = None) -> int:
    """Run what `argv` asks for (None: the arguments of this process) and return the exit code."""
    return cli.main(sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    raise SystemExit(main())
