"""What each plot shows: its range, ticks, curves and bands. Fixed, so that figures stand still."""

from dataclasses import dataclass

from avatar_core.bench.states import SeriesName
from avatar_gui.figures import MINUS


@dataclass(frozen=True, slots=True)
class CurveSpec:
    """One curve: which series, its name in the legend, the token of its colour."""

    series: SeriesName
    label: str
    token: str


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the value axis with a verdict, and the words at its left (empty: none)."""

    low: float
    high: float
    token: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class PlotSpec:
    """One plot. `subtitle` says unit and sign; `ticks` are (value, label)."""

    name: str
    title: str
    subtitle: str
    unit: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    curves: tuple[CurveSpec, ...]
    bands: tuple[Band, ...] = ()
    signed: bool = False


SIGN_SENTENCE = "+ = audio leads, video is late"

# ITU-R BT.1359: not noticeable from -125 to +45 ms, acceptable from -185 to +90 ms.
DRIFT = PlotSpec(
    name="drift",
    title="A/V drift",
    subtitle=f"offset over time, ms    {SIGN_SENTENCE}",
    unit="ms",
    low=-150.0,
    high=135.0,
    ticks=((90, "+90"), (45, "+45"), (0, "0"), (-50, f"{MINUS}50"), (-125, f"{MINUS}125")),
    curves=(CurveSpec(SeriesName.AV_OFFSET_MS, "viewer, raw", "s1"),),
    bands=(
        Band(90.0, 10_000.0, "fail_band", "not acceptable"),
        Band(45.0, 90.0, "warn_band", "BT.1359: noticeable"),
        Band(-125.0, 45.0, "ok_band"),
        Band(-185.0, -125.0, "warn_band"),
        Band(-10_000.0, -185.0, "fail_band"),
    ),
    signed=True,
)

BUFFER = PlotSpec(
    name="buffer",
    title="Viewer buffer",
    subtitle="ms",
    unit="ms",
    low=0.0,
    high=200.0,
    ticks=((0, "0"), (100, "100"), (200, "200")),
    curves=(
        CurveSpec(SeriesName.BUFFER_AUDIO_MS, "audio", "s1"),
        CurveSpec(SeriesName.BUFFER_VIDEO_MS, "video", "s3"),
    ),
)

SENT = PlotSpec(
    name="sent",
    title="Sent, not yet played",
    subtitle="s, estimated",
    unit="s",
    low=0.0,
    high=4.0,
    ticks=((0, "0"), (4, "4")),
    curves=(CurveSpec(SeriesName.SENT_UNPLAYED_S, "agent", "s2"),),
)
