import numpy as np

from avatar_core.playback.stereo_timeline import Side, StereoTimeline


def ones(count: int, value: int = 1) -> np.ndarray:
    return np.full(count, value, dtype=np.int16)


def test_voices_lie_where_they_were_placed_and_silence_between() -> None:
    timeline = StereoTimeline()
    timeline.place(Side.AGENT, 4, ones(2, 7))
    timeline.place(Side.USER, 1, ones(2, 5))
    assert timeline.end == 6
    assert timeline.take(8).tolist() == [[0, 0], [5, 0], [5, 0], [0, 0], [0, 7], [0, 7], [0, 0], [0, 0]]
    assert timeline.take(8).shape == (0, 2)


def test_what_comes_after_its_time_was_taken_is_cut_and_counted() -> None:
    timeline = StereoTimeline()
    timeline.take(5)
    timeline.place(Side.AGENT, 3, ones(4))
    timeline.place(Side.AGENT, 0, ones(2))
    assert timeline.take(8).tolist() == [[0, 1], [0, 1], [0, 0]]
    assert timeline.late == 4
    assert timeline.taken == 8


def test_pieces_come_out_whole_however_often_something_is_taken() -> None:
    timeline = StereoTimeline()
    taken: list[np.ndarray] = []
    for piece in range(50):
        timeline.place(Side.AGENT, 3 * piece, ones(3, piece + 1))
        if piece % 7 == 6:
            taken.append(timeline.take(3 * piece - 5))
    taken.append(timeline.take(timeline.end))
    stereo = np.concatenate(taken)
    assert stereo[:, Side.AGENT].tolist() == [piece + 1 for piece in range(50) for _ in range(3)]
    assert not stereo[:, Side.USER].any()
    assert timeline.late == 0
