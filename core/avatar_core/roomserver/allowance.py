"""How often somebody may do something: a token bucket, for requests of clients that would otherwise cost others."""


class Allowance:
    """`per_second` units accrue up to `burst`, which is also what there is to begin with."""

    def __init__(self, *, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._balance = burst
        self._updated_s = float("-inf")

    def take(self, wanted: int, now_s: float) -> int:
        """Spend up to `wanted` units; returns how many there were."""
        self._accrue(now_s)
        granted = min(wanted, max(0, int(self._balance)))
        self._balance -= granted
        return granted

    def charge(self, cost: float, now_s: float) -> float:
        """Spend `cost` units, on credit if need be; returns the seconds to wait until they are paid."""
        self._accrue(now_s)
        self._balance -= cost
        return max(0.0, -self._balance / self._per_second)

    def _accrue(self, now_s: float) -> None:
        self._balance = min(self._burst, self._balance + (now_s - self._updated_s) * self._per_second)
        self._updated_s = now_s
