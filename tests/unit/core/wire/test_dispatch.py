"""The dispatcher's HTTP bodies (PROTOCOLS 1.2): LiveKit's example, and what we add to it."""

import json

import pytest

from avatar_core.errors import WireError
from avatar_core.wire import dispatch


def test_launch_request_of_livekits_example_is_read() -> None:
    request = dispatch.decode_launch_request(b'{"room_name": "R1", "url": "wss://host", "token": "jwt", "extra": 1}')
    assert request == dispatch.LaunchRequest("R1", "wss://host", "jwt")
    assert "jwt" not in repr(request)


def test_launch_request_carries_options() -> None:
    request = dispatch.LaunchRequest(
        "R1", "ws://h", "jwt", {"generator": "sync-pattern", "video_fps": 30, "lazy": False}
    )
    assert dispatch.decode_launch_request(dispatch.encode_body(request)) == request
    assert json.loads(dispatch.encode_body(request)).keys() == {"room_name", "url", "token", "options"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"room_name": "R1", "url": "ws://h"}',
        b'{"room_name": "", "url": "ws://h", "token": "t"}',
        b'{"room_name": "R1", "url": "ws://h", "token": 3}',
        b'{"room_name": "R1", "url": "ws://h", "token": "t", "options": {"a": {"b": 1}}}',
        b'{"room_name": "R1", "url": "ws://h", "token": "' + b"t" * 100_000 + b'"}',
    ],
)
def test_bad_launch_request_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        dispatch.decode_launch_request(body)


def test_answers_of_a_foreign_dispatcher_are_read() -> None:
    answer = dispatch.decode_launch_answer(b'{"status": "success", "message": "Avatar worker started"}')
    assert answer.worker_id is None
    assert dispatch.decode_refusal(b'{"detail": "no room"}') == dispatch.Refusal("no room")


def test_our_answers_go_through() -> None:
    answer = dispatch.LaunchAnswer("success", "started", "w1")
    assert dispatch.decode_launch_answer(dispatch.encode_body(answer)) == answer
    workers = dispatch.WorkerList(
        (
            dispatch.WorkerStatus("w1", "R1", "ready", 123),
            dispatch.WorkerStatus("w2", "R1", "ended", 124, -9, "killed by signal 9"),
        )
    )
    assert dispatch.decode_worker_list(dispatch.encode_body(workers)) == workers
