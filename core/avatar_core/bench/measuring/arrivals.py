"""An avatar's coming as the timeline tells it: called, created, joined, its tracks, its first picture and sound."""

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.stage.cast import Coming
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import Severity
from avatar_core.wire import viewer_events

_CALLS_KEPT = 64


class Arrivals:
    """Owned by the session; fed by its cast and its viewer. Each step is told by the time since the call."""

    def __init__(self, standing: Standing, figures: Figures) -> None:
        self._standing = standing
        self._figures = figures
        self._called_s: dict[str, float] = {}

    def coming(self, step: Coming) -> None:
        """A step of an avatar on its way into the room."""
        name = step.traits.name
        match step.kind:
            case "called":
                self._called_s.pop(step.identity, None)
                self._called_s[step.identity] = step.at_s
                while len(self._called_s) > _CALLS_KEPT:
                    del self._called_s[next(iter(self._called_s))]
                self._tell("Call", f"{name} is asked to join as {step.identity}", step)
            case "created":
                self._figures.measure("create_s", step.at_s - self._called_s[step.identity], until_s=step.at_s)
                self._tell("Created", f"{name} answered{self._after(step.identity, step.at_s)}", step)
            case "joined":
                text = f"{name} joined{self._after(step.identity, step.at_s)}"
                self._tell("Joined", text, step, Severity.OK)

    def take(self, message: object) -> None:
        """One event of the viewer."""
        match message:
            case viewer_events.TrackSubscribed():
                self._standing.announce("Track", f"{message.kind.capitalize()} of {message.identity} is received")
            case viewer_events.FirstMedia():
                what = "picture" if message.kind == "video" else "sound"
                since = self._after(message.identity, message.at_s)
                self._standing.announce("First", f"First {what} of {message.identity}{since}")

    def _tell(self, kind: str, text: str, step: Coming, severity: Severity = Severity.INFO) -> None:
        self._standing.announce(kind, text, severity, provider_id=step.traits.id)

    def _after(self, identity: str, at_s: float) -> str:
        """Nothing for whoever was not called: the agent, or a guest."""
        called_s = self._called_s.get(identity)
        return f", {at_s - called_s:.2f} s after the call" if called_s is not None else ""
