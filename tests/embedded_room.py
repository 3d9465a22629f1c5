"""The embedded room server as a plain process, which outlives the loop of any test."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from avatar_core.tokens import TokenClaims, mint_token

API_KEY = "integration-key"
API_SECRET = "an-integration-secret-of-32-bytes-or-more"


@dataclass(frozen=True)
class RoomAccess:
    """A server and the right to mint tokens for it."""

    url: str
    api_key: str
    api_secret: str

    def token(self, claims: TokenClaims, *, ttl_s: float = 600, now_s: float | None = None) -> str:
        return mint_token(claims, api_key=self.api_key, api_secret=self.api_secret, ttl_s=ttl_s, now_s=now_s)


class EmbeddedRoom:
    """The embedded server as a child of the test run: a plain process, since it outlives each test's loop."""

    def __init__(self, log: Path, **settings: object) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "avatar_core.roomserver"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        ready = self._exchange(
            json.dumps({"host": "127.0.0.1", "port": 0, "api_key": API_KEY, "api_secret": API_SECRET, **settings})
        )
        self.access = RoomAccess(ready["url"], API_KEY, API_SECRET)

    def statistics(self) -> Mapping[str, int]:
        return self._exchange("stats")

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)

    def _exchange(self, line: str) -> dict:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            pytest.fail(f"the embedded room ended:\n{self.log.read_text()}", pytrace=False)
        return json.loads(answer)
