"""The HTTP bodies of the worker dispatcher: the launch request of LiveKit's example (PROTOCOLS 1.2) and our answers.

Bodies only; the HTTP server and the worker processes are `avatar_core.avatar`'s.
"""

from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from avatar_core.wire.codec import JsonScalar, Length, Within, from_fields, parse_object, to_json

MAX_BODY_BYTES: Final = 64 * 1024

Name = Annotated[str, Length(1, 256)]


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """`POST /launch`: join `room_name` at `url` with `token` and be its avatar.

    `options` are ours (the generator's name, size, frame rate, sample rate, planted faults); a dispatcher that is not
    ours ignores them, a request without them gets the defaults. `token` never shows in a repr.
    """

    room_name: Name
    url: Annotated[str, Length(1, 2_048)]
    token: Annotated[str, Length(1, 16_000)] = field(repr=False)
    options: Annotated[dict[str, JsonScalar], Length(0, 64)] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JoinInfo:
    """What VideoSDK's agents post to their dispatcher (PROTOCOLS V2), by the keys of their AvatarJoinInfo.

    Here the meeting is a LiveKit room, `signaling_base_url` its URL and `token` a token of LiveKit's, in no repr.
    """

    room_name: Name
    token: Annotated[str, Length(1, 16_000)] = field(repr=False)
    participant_id: Name | None = None
    signaling_base_url: Annotated[str, Length(1, 2_048)] | None = None


@dataclass(frozen=True, slots=True)
class LaunchAnswer:
    """200 of `POST /launch`; a failure is 500 with `Refusal`. `worker_id` is absent from a dispatcher not ours."""

    status: Literal["success"]
    message: Annotated[str, Length(0, 4_000)]
    worker_id: Name | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Body of every answer that is not 200."""

    detail: Annotated[str, Length(0, 4_000)]


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """One worker of `GET /workers`. `exit_code` is None while it runs, negative for a signal; `reason` in words."""

    worker_id: Name
    room_name: Name
    state: Literal["starting", "ready", "ended"]
    pid: Annotated[int, Within(0, 2**31)]
    exit_code: Annotated[int, Within(-255, 255)] | None = None
    reason: Annotated[str, Length(0, 4_000)] = ""


@dataclass(frozen=True, slots=True)
class WorkerList:
    """Body of `GET /workers`."""

    workers: Annotated[tuple[WorkerStatus, ...], Length(0, 1_000)]


Body = LaunchRequest | LaunchAnswer | Refusal | WorkerStatus | WorkerList


def encode_body(body: Body) -> bytes:
    """The JSON of one body."""
    return to_json(body).encode()


def decode_launch_request(payload: bytes) -> LaunchRequest:
    """Read `POST /launch`; unknown keys are ignored, anything wrong raises WireError."""
    return from_fields(LaunchRequest, _parse(payload), where="launch request", ignore_unknown=True)


def decode_join_info(payload: bytes) -> JoinInfo:
    """Read the body of a dispatcher of VideoSDK's; unknown keys are ignored, anything wrong raises WireError."""
    return from_fields(JoinInfo, _parse(payload), where="join info", ignore_unknown=True)


def decode_launch_answer(payload: bytes) -> LaunchAnswer:
    """Read the 200 answer of a dispatcher, ours or not; raises WireError."""
    return from_fields(LaunchAnswer, _parse(payload), where="launch answer", ignore_unknown=True)


def decode_refusal(payload: bytes) -> Refusal:
    """Read an answer that is not 200; raises WireError."""
    return from_fields(Refusal, _parse(payload), where="dispatcher refusal", ignore_unknown=True)


def decode_worker_list(payload: bytes) -> WorkerList:
    """Read `GET /workers`; raises WireError."""
    return from_fields(WorkerList, _parse(payload), where="worker list", ignore_unknown=True)


def _parse(payload: bytes) -> dict[str, object]:
    return parse_object(payload, where="dispatcher", max_bytes=MAX_BODY_BYTES)
