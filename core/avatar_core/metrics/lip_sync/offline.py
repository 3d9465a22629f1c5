"""The offset of a recorded face: the same answers that are given while it is watched."""

from collections.abc import Sequence
from statistics import median

from avatar_core.metrics.lip_sync.bias import relative_note
from avatar_core.metrics.lip_sync.follower import ANSWER_EVERY_S, Answer, FaceFollower
from avatar_core.metrics.lip_sync.gate import Refusal
from avatar_core.metrics.observations import Observation, Picture


def faces_offset(observation: Observation, *, every_s: float = ANSWER_EVERY_S) -> list[Answer]:
    """An answer for every `every_s` of the recording, and one at its end; each covers up to 24 s before it."""
    follower = FaceFollower()
    answers: list[Answer] = []
    pictures, sound = observation.pictures, observation.sound
    first, heard_s = 0, 0.0
    while first < len(pictures):
        until_s = pictures[first].at_s + every_s
        count = _before(pictures, first, until_s)
        heard = sound.between(heard_s, until_s) if sound is not None else None
        follower.watch(Observation(heard, tuple(pictures[first : first + count])))
        answers.append(follower.answer())
        first, heard_s = first + count, until_s
    return answers


def note_of(answers: Sequence[Answer]) -> str:
    """What must be known of these answers, for people: how sure they are, or why there is none."""
    sure = [answer.confidence for answer in answers if answer.offset_ms is not None]
    if sure:
        return relative_note(median(sure))
    refusal = answers[-1].refusal if answers else Refusal.TOO_SHORT
    return f"refused: {refusal}"


def _before(pictures: Sequence[Picture], first: int, until_s: float) -> int:
    """How many pictures from `first` on came before `until_s`."""
    return next((count for count, one in enumerate(pictures[first:]) if one.at_s >= until_s), len(pictures) - first)
