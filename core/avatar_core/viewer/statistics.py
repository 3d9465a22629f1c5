"""WebRTC's own statistics of what the viewer receives, cut down to what the bench shows. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_NTP_EPOCH_MS = 2_208_988_800_000
"""1970 in NTP's time, which begins in 1900."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """Totals of one received track since its subscription."""

    bytes_received: int
    packets_lost: int
    packets_received: int
    jitter_s: float
    buffer_delay_s: float
    """Sum over all emitted frames or samples of the time each spent in the jitter buffer."""
    buffer_emitted: int
    samples_received: int = 0
    """Of sound, those made up included; 0 for pictures."""
    samples_concealed: int = 0
    """Made up because their packets were missing or late; in silence they are not counted."""
    freezes: int = 0
    """Of pictures, as WebRTC counts them."""
    way_ms: float | None = None
    """Age of what is played out now: from its capture, by the sender's clock as its RTCP reports tell it, to now by
    ours. None before two reports. What the two clocks differ by is in it, the same for all tracks of one sender."""


@dataclass(frozen=True, slots=True)
class InboundRate:
    """One track over the time between two readings."""

    bitrate_bps: float
    buffer_ms: float | None
    """Mean stay in the jitter buffer; None where nothing was emitted."""
    loss_percent: float
    jitter_ms: float
    concealed_percent: float | None = None
    """Of the sound, what was made up; None for pictures, and where nothing was received."""


def read_inbound(entries: Iterable[Mapping[str, Any]]) -> Inbound | None:
    """From `RoomConnection.track_stats`; None where the track has received nothing yet."""
    part = next((entry["inbound_rtp"] for entry in entries if "inbound_rtp" in entry), None)
    if part is None:
        return None
    inbound, received = part.get("inbound", {}), part.get("received", {})
    return Inbound(
        bytes_received=int(inbound.get("bytes_received", 0)),
        packets_lost=int(received.get("packets_lost", 0)),
        packets_received=int(received.get("packets_received", 0)),
        jitter_s=float(received.get("jitter", 0.0)),
        buffer_delay_s=float(inbound.get("jitter_buffer_delay", 0.0)),
        buffer_emitted=int(inbound.get("jitter_buffer_emitted_count", 0)),
        samples_received=int(inbound.get("total_samples_received", 0)),
        samples_concealed=int(inbound.get("concealed_samples", 0)) - int(inbound.get("silent_concealed_samples", 0)),
        freezes=int(inbound.get("freeze_count", 0)),
        way_ms=_way_ms(inbound.get("estimated_playout_timestamp", 0.0), part.get("rtc", {}).get("timestamp", 0)),
    )


def _way_ms(playout_ntp_ms: float | str, read_us: int | str) -> float | None:
    played_ms, read_ms = float(playout_ntp_ms) - _NTP_EPOCH_MS, float(read_us) / 1000
    return read_ms - played_ms if played_ms > 0 and read_ms > 0 else None


def rate_between(before: Inbound, after: Inbound, elapsed_s: float) -> InboundRate:
    """What happened from one reading to the next, `elapsed_s` later."""
    emitted = after.buffer_emitted - before.buffer_emitted
    # libwebrtc sums the delay of audio over samples in seconds, as it does for the frames of video.
    buffer_ms = 1000 * (after.buffer_delay_s - before.buffer_delay_s) / emitted if emitted > 0 else None
    lost = max(0, after.packets_lost - before.packets_lost)
    received = max(0, after.packets_received - before.packets_received)
    samples = after.samples_received - before.samples_received
    concealed = max(0, after.samples_concealed - before.samples_concealed)
    return InboundRate(
        bitrate_bps=max(0.0, 8 * (after.bytes_received - before.bytes_received) / elapsed_s),
        buffer_ms=buffer_ms,
        loss_percent=100 * lost / (lost + received) if lost + received else 0.0,
        jitter_ms=1000 * after.jitter_s,
        concealed_percent=100 * concealed / samples if samples > 0 else None,
    )
