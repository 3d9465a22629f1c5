import numpy as np
import pytest

from avatar_core.media.frames import VideoFrame
from avatar_core.viewer.picture import PicturePress, fitted_size
from avatar_core.viewer.preview_memory import MappedPreview, PreviewWriter
from tests.fakes.media_signals import bars


@pytest.mark.parametrize(
    ("box", "size"),
    [((640, 360), (640, 360)), ((320, 320), (320, 180)), ((1920, 1080), (640, 360)), ((100, 1000), (100, 56))],
)
def test_a_picture_fits_its_box_keeps_its_shape_and_is_never_enlarged(
    box: tuple[int, int], size: tuple[int, int]
) -> None:
    assert fitted_size(bars(640, 360), *box) == size


def test_a_tiny_box_still_gets_a_picture() -> None:
    assert fitted_size(bars(640, 360), 1, 1) == (2, 2)


def test_grey_pictures_come_out_grey_at_the_size_that_was_asked_for() -> None:
    writer = PreviewWriter(320 * 180 * 4)
    preview = MappedPreview(str(writer.path), writer.slot_bytes)
    frame = VideoFrame(bars(640, 360).data, 640, 360, 0.0)
    PicturePress().press(frame, 12.5, writer, (320, 180))
    found = preview.latest(0)
    assert found is not None
    assert (found.width_px, found.height_px, found.stride, found.time_s) == (320, 180, 1280, 12.5)
    pixels = np.frombuffer(bytes(found.pixels), np.uint8).reshape(180, 320, 4)
    assert (pixels[..., 3] == 255).all()
    middles = [pixels[90, column, :3].astype(int) for column in (40, 120, 200, 280)]
    assert all(np.ptp(grey) <= 4 for grey in middles)
    assert [int(grey[0]) for grey in middles] == sorted(int(grey[0]) for grey in middles)
    del found
    preview.close()
    writer.close()
