"""The offset of a recorded face: the same answers that were given while it was watched."""

from collections.abc import Iterable

import numpy as np

from avatar_core.media.frames import Samples
from avatar_core.media.picture_grid import Grid
from avatar_core.metrics.lip_sync.follower import ANSWER_EVERY_S, Answer, FaceFollower


def faces_offset(
    pictures: Iterable[tuple[float, Grid]],
    sound: Iterable[tuple[float, Samples]],
    sample_rate_hz: int,
    *,
    every_s: float = ANSWER_EVERY_S,
) -> list[Answer]:
    """An answer for every `every_s` of the recording, and one at its end.

    `pictures`: when each was received, and its grid as PictureGrid shrinks it. `sound`: when the first sample of each
    piece was heard, and the piece [samples] or [samples, channels]. Both in order, times of one clock in seconds.
    """
    follower = FaceFollower(sample_rate_hz)
    answers: list[Answer] = []
    pieces = iter(sound)
    piece = next(pieces, None)
    due_s: float | None = None
    for at_s, grid in pictures:
        while piece is not None and piece[0] <= at_s:
            follower.sound(np.asarray(piece[1]), piece[0])
            piece = next(pieces, None)
        follower.picture(grid, at_s)
        due_s = at_s + every_s if due_s is None else due_s
        if at_s >= due_s:
            answers.append(follower.answer())
            due_s += every_s
    return [*answers, follower.answer()]
