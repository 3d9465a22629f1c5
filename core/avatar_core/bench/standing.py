"""The session's standing facts: its state, its providers, its notices and its log; every change is told."""

import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from avatar_core.bench.contract import SessionEvent
from avatar_core.bench.snapshot import Finding, Notice, ProviderInfo
from avatar_core.bench.states import ProviderState, SessionState, Severity
from avatar_core.clock import Clock
from avatar_core.providers.contract import ProviderTraits
from avatar_core.signal import Signal

_log = logging.getLogger(__name__)

_EVENTS_KEPT = 10_000
_FINDINGS_KEPT = 200


class Standing:
    """Owned by the session, which alone changes it."""

    def __init__(self, clock: Clock, providers: Iterable[ProviderTraits]) -> None:
        self.event: Signal[SessionEvent] = Signal("session event")
        self.state_changed: Signal[SessionState] = Signal("session state")
        self.state = SessionState.IDLE
        self.events: deque[SessionEvent] = deque(maxlen=_EVENTS_KEPT)
        self.notices: dict[str, Notice] = {}
        self.findings: deque[Finding] = deque(maxlen=_FINDINGS_KEPT)
        self._clock = clock
        self._providers = {
            traits.id: ProviderInfo(
                traits.id, traits.name, traits.kind, traits.sample_rate_hz, ProviderState.NOT_STARTED
            )
            for traits in providers
        }

    @property
    def providers(self) -> tuple[ProviderInfo, ...]:
        """All, in the order in which they were given."""
        return tuple(self._providers.values())

    @property
    def names(self) -> dict[str, str]:
        """What is shown for each provider id."""
        return {provider.id: provider.name for provider in self._providers.values()}

    def set_state(self, state: SessionState) -> None:
        """Change the state and tell."""
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)

    def set_provider(self, provider_id: str, state: ProviderState, why: str = "") -> None:
        """Change where a provider stands."""
        self._providers[provider_id] = replace(self._providers[provider_id], state=state, why=why)

    def withdraw_start(self, provider_id: str) -> None:
        """A provider that was being started is not any more; one that stands otherwise stays so."""
        if self._providers[provider_id].state is ProviderState.STARTING:
            self.set_provider(provider_id, ProviderState.NOT_STARTED)

    def announce(
        self,
        kind: str,
        text: str,
        severity: Severity = Severity.INFO,
        *,
        provider_id: str = "",
        segment_id: str = "",
    ) -> None:
        """Log an event of this moment."""
        event = SessionEvent(self._clock.now(), kind, text, severity, provider_id, segment_id)
        self.events.append(event)
        _log.info("%s: %s", kind, text)
        self.event.emit(event)

    def find(self, finding: Finding) -> None:
        """Keep a flaw of a provider that was seen, and log it."""
        self.findings.append(finding)
        text = f"{finding.id}: {finding.evidence}"
        self.announce("Finding", text, Severity.WARN, provider_id=finding.provider_id)

    def raise_notice(self, notice: Notice) -> None:
        """Show a notice; the same again counts up."""
        shown = self.notices.get(notice.id)
        self.notices[notice.id] = replace(notice, count=shown.count + 1) if shown is not None else notice
        self.announce("Notice", f"{notice.title}. {notice.body}", notice.severity)

    def drop_notice(self, notice_id: str) -> None:
        """Close a notice; unknown ones are ignored."""
        self.notices.pop(notice_id, None)
