"""What the app and its analyst say to each other: what to measure, and what came of it."""

from dataclasses import dataclass
from typing import Annotated, Final

from avatar_core.wire.codec import Length, Within
from avatar_core.wire.control import Vocabulary
from avatar_core.wire.fields import Count, MonotonicS, Name, Path, Ratio, Text

MAX_STAYS: Final = 300
"""Seconds of them: more than a viewer remembers of what it heard."""


@dataclass(frozen=True, slots=True)
class Analyze:
    """Measure an utterance of `identity`, or a part: the files of what was said and observed; when it was sent.

    `elsewhere` is what was observed of the avatar before it, on which the utterance should not be heard.
    When it was told to have started and finished, and how far it was heard then, with None where that was not told.
    A part began `begins_s` after its utterance did, and `goes_on` where more of that follows; from `until_s` on that
    may be heard as well. `stays` is how long sound stayed in the viewer's jitter buffer: each with the end of the
    second that it is the mean of, ms; none where that is not to be taken off.
    """

    request_id: Count
    identity: Name
    reference: Path
    observation: Path
    elsewhere: Path | None
    sent_s: MonotonicS
    started_s: MonotonicS | None
    finished_s: MonotonicS | None
    position_s: Annotated[float, Within(0, 1e6)] | None
    interrupted: bool
    begins_s: Annotated[float, Within(0, 1e6)] = 0.0
    goes_on: bool = False
    until_s: MonotonicS | None = None
    stays: Annotated[tuple[tuple[MonotonicS, float], ...], Length(0, MAX_STAYS)] = ()


@dataclass(frozen=True, slots=True)
class AnalyzeHealth:
    """Measure the health of what was observed of `identity` between two moments; what was said is not known.

    Answered by Analyzed, with `why` where it could not be.
    """

    request_id: Count
    identity: Name
    observation: Path
    since_s: MonotonicS
    until_s: MonotonicS


@dataclass(frozen=True, slots=True)
class Analyzed:
    """What was measured, by metric name. Not `recognized`: nothing is said of the speech, and `why`.

    Not `enough`: so little of it was to be heard, if anything, that it could not be recognized.
    """

    request_id: Count
    values: dict[str, tuple[float, ...]]
    recognized: bool
    first_sound_s: MonotonicS
    end_s: MonotonicS
    why: Text
    enough: bool = True


@dataclass(frozen=True, slots=True)
class AnalyzeFace:
    """Follow the face of `identity` further, from the file of what was observed since the last time."""

    request_id: Count
    identity: Name
    observation: Path


@dataclass(frozen=True, slots=True)
class FaceAnalyzed:
    """The A/V offset of a face, raw, None where it was refused with `why`.

    `since_s` is where what it rests on begins, `dated_s` its middle; `confidence` 0 to 1.
    """

    request_id: Count
    offset_ms: Annotated[float, Within(-1_000, 1_000)] | None
    since_s: MonotonicS
    dated_s: MonotonicS
    confidence: Ratio
    why: Text


ANALYST_COMMANDS: Final = Vocabulary("app to analyst", Analyze, AnalyzeHealth, AnalyzeFace)
ANALYST_EVENTS: Final = Vocabulary("analyst to app", Analyzed, FaceAnalyzed)
