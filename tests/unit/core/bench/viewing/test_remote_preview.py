"""Pictures are asked for once somebody looks, of each viewer that comes."""

from avatar_core.bench.viewing.viewer_child import RemotePreview


def asked_sizes() -> tuple[RemotePreview, list[tuple[int, int]]]:
    asked: list[tuple[int, int]] = []
    return RemotePreview(lambda width_px, height_px: asked.append((width_px, height_px))), asked


def test_nobody_is_asked_before_somebody_looks() -> None:
    preview, asked = asked_sizes()
    preview.begin()
    assert asked == []
    assert preview.latest(0) is None
    assert preview.latest(0) is None
    assert len(asked) == 1


def test_each_viewer_is_asked_for_the_size_that_is_wanted_and_a_change_is_told() -> None:
    preview, asked = asked_sizes()
    preview.request_preview_size(640, 360)
    preview.request_preview_size(640, 360)
    preview.begin()
    preview.latest(0)
    preview.request_preview_size(320, 180)
    assert asked == [(640, 360), (640, 360), (320, 180)]
