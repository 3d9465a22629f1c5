"""Trying something in a child process, because it may abort or hang. What is tried stands with its check."""

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Any

PROBE_TIMEOUT_S = 30.0
SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class ProbeResult:
    """How the child ended. `exit_code` is None where it had to be ended for taking too long."""

    exit_code: int | None
    output: str = ""
    errors: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the child came to its end by itself and well."""
        return self.exit_code == 0

    def values(self) -> dict[str, Any]:
        """The JSON object in the last line that the child printed."""
        found = json.loads(self.output.strip().splitlines()[-1])
        if not isinstance(found, dict):
            raise ValueError("a probe prints one JSON object as its last line")
        return found

    def failure(self) -> str:
        """One line that says why it did not succeed."""
        if self.exit_code is None:
            return "it did not answer in time"
        lines = [line.strip() for line in self.errors.splitlines() if line.strip()]
        # A traceback says why in its last line; Qt says it in its first and then aborts.
        why = lines[0 if self.exit_code < 0 else -1] if lines else ""
        how = f"ended by signal {-self.exit_code}" if self.exit_code < 0 else f"exit code {self.exit_code}"
        return one_line(f"{why} ({how})" if why else how)


async def run_probe(
    source: str, *arguments: str, timeout_s: float = PROBE_TIMEOUT_S, python: str = sys.executable
) -> ProbeResult:
    """Run Python `source` in a child of `python` with `arguments` in its `sys.argv`; never raises for it.

    The child does not look for modules in the current folder.
    """
    child = await asyncio.create_subprocess_exec(
        python,
        "-P",
        "-c",
        source,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(timeout_s):
            output, errors = await child.communicate()
    except TimeoutError:
        return ProbeResult(None)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return ProbeResult(child.returncode, output.decode(errors="replace"), errors.decode(errors="replace"))


def one_line(text: str) -> str:
    """`text` from outside, fit for a terminal: printable, without line ends, shortened in the middle if too long."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    joined = " ".join(printable.split())
    if len(joined) <= SHOWN_CHARACTERS:
        return joined
    # What was tried stands at the beginning, the reason mostly at the end.
    half = (SHOWN_CHARACTERS - 3) // 2
    return f"{joined[:half]} … {joined[-half:]}"
