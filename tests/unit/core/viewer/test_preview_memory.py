import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.viewer.preview_memory import MappedFrame, MappedPreview, PreviewWriter

SIDE = 64
STRIDE = SIDE * 4
SLOT_BYTES = SIDE * STRIDE


def write(writer: PreviewWriter, value: int) -> int:
    """Publish a picture all of whose bytes are `value`."""
    slot, pixels = writer.slot()
    pixels[:] = bytes([value]) * SLOT_BYTES
    return writer.publish(slot, width_px=SIDE, height_px=SIDE, stride=STRIDE, time_s=float(value))


def values_in(frame: MappedFrame) -> set[int]:
    return set(bytes(frame.pixels))


@contextmanager
def both_ends() -> Iterator[tuple[PreviewWriter, MappedPreview]]:
    writer = PreviewWriter(SLOT_BYTES)
    preview = MappedPreview(str(writer.path), SLOT_BYTES)
    try:
        yield writer, preview
    finally:
        preview.close()
        writer.close()


def test_nothing_is_read_before_something_was_written() -> None:
    with both_ends() as (_, preview):
        assert preview.latest(0) is None


def test_the_newest_picture_wins_and_is_handed_out_once() -> None:
    with both_ends() as (writer, preview):
        for value in (1, 2, 3):
            write(writer, value)
        frame = preview.latest(0)
        assert frame is not None
        assert (frame.sequence, frame.time_s, values_in(frame)) == (3, 3.0, {3})
        assert preview.latest(3) is None


def test_a_picture_that_is_held_stays_whole_however_much_is_written() -> None:
    with both_ends() as (writer, preview):
        write(writer, 7)
        frame = preview.latest(0)
        assert frame is not None
        for value in range(8, 60):
            write(writer, value)
            assert values_in(frame) == {7}


def test_a_picture_that_is_given_up_may_be_written_over() -> None:
    with both_ends() as (writer, preview):
        write(writer, 7)
        frame = preview.latest(0)
        assert frame is not None
        preview.release()
        preview.release()
        for value in range(8, 12):
            write(writer, value)
        assert values_in(frame) != {7}


def test_a_sequence_that_is_told_before_its_slot_shows_no_old_picture_again() -> None:
    with both_ends() as (writer, preview):
        write(writer, 1)
        first = preview.latest(0)
        assert first is not None
        # The writer has written the block's sequence, and not yet the number of its slot.
        writer._view[0:8] = (2).to_bytes(8, "little")
        assert preview.latest(1) is None
        write(writer, 2)
        second = preview.latest(1)
        assert second is not None
        assert values_in(second) == {2}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["write", "read", "release"]), max_size=60))
def test_in_any_order_pictures_rise_and_what_is_held_stays_whole(steps: list[str]) -> None:
    with both_ends() as (writer, preview):
        value, seen, held = 0, 0, None
        for step in steps:
            if step == "write":
                value += 1
                write(writer, value)
            elif step == "release":
                preview.release()
                held = None
            elif (frame := preview.latest(seen)) is not None:
                assert frame.sequence == value > seen
                seen, held = frame.sequence, (frame, value)
            else:
                assert seen == value
            if held is not None:
                assert values_in(held[0]) == {held[1]}


@pytest.fixture
def threads_take_turns_often() -> Iterator[None]:
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval_s)


@pytest.mark.usefixtures("threads_take_turns_often")
def test_a_reader_beside_a_running_writer_never_sees_a_torn_picture() -> None:
    with both_ends() as (writer, preview):
        enough = threading.Event()

        def run() -> None:
            while not enough.is_set():
                write(writer, writer._sequence % 251)

        thread = threading.Thread(target=run)
        thread.start()
        last, read = 0, 0
        try:
            while read < 200:
                if (frame := preview.latest(last)) is not None:
                    assert frame.sequence > last
                    assert len(values_in(frame)) == 1
                    last, read = frame.sequence, read + 1
        finally:
            enough.set()
            thread.join()
        assert last >= read


_WRITER = """
import sys
from avatar_core.viewer.preview_memory import PreviewWriter
writer = PreviewWriter(int(sys.argv[1]))
print(writer.path, flush=True)
sys.stdin.readline()
for number in range(4000):
    slot, pixels = writer.slot()
    pixels[:] = bytes([number % 251]) * len(pixels)
    writer.publish(slot, width_px=64, height_px=64, stride=256, time_s=float(number))
print("done", flush=True)
sys.stdin.readline()
writer.close()
"""


def test_between_two_processes_pictures_are_whole_and_rise_and_the_file_is_gone() -> None:
    command = [sys.executable, "-c", _WRITER, str(SLOT_BYTES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        path = process.stdout.readline().strip()
        preview = MappedPreview(path, SLOT_BYTES)
        process.stdin.write("go\n")
        last = 0
        while last < 4_000:
            if (frame := preview.latest(last)) is not None:
                picture = np.frombuffer(bytes(frame.pixels), np.uint8)
                assert frame.sequence > last
                assert (picture == picture[0]).all()
                assert int(picture[0]) == int(frame.time_s) % 251
                last = frame.sequence
        process.stdin.write("end\n")
        preview.close()
    assert not Path(path).exists()


def test_a_block_that_nobody_attached_to_is_removed_by_its_writer() -> None:
    writer = PreviewWriter(SLOT_BYTES)
    path = writer.path
    assert path.exists()
    writer.close()
    writer.close()
    assert not path.exists()


def test_a_picture_on_screen_outlives_both_ends() -> None:
    writer = PreviewWriter(SLOT_BYTES)
    preview = MappedPreview(str(writer.path), SLOT_BYTES)
    write(writer, 9)
    frame = preview.latest(0)
    assert frame is not None
    writer.close()
    preview.close()
    assert values_in(frame) == {9}
