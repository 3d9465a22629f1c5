"""What a client asks for over its signalling channel, one function per request, and the grants each one needs."""

import logging
import secrets

from livekit.protocol import models, rtc

from avatar_core.clock import wall_time
from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.sdp import MalformedSdp

_log = logging.getLogger(__name__)

_Reason = rtc.RequestResponse.Reason


class ClientLeft(Exception):
    """The client said goodbye."""


def serve(participant: Participant, request: rtc.SignalRequest, limits: Limits) -> None:
    """Do what `request` asks; MalformedSdp for a description that can't be served, ClientLeft at the end.

    Requests that change nothing on a single machine (track settings, layers, statistics) pass in silence.
    """
    match request.WhichOneof("message"):
        case "offer":
            participant.connection.offer_received(_sdp_of(request.offer, "offer"), request.offer.id)
        case "answer":
            participant.connection.answer_received(_sdp_of(request.answer, "answer"))
        case "add_track":
            add_track(participant, request.add_track, limits)
        case "mute":
            _mute(participant, request.mute)
        case "subscription":
            _subscribe(participant, request.subscription)
        case "update_metadata":
            _update_metadata(participant, request.update_metadata, limits)
        case "ping":
            participant.channel.send(pong=request.ping)
        case "ping_req":
            participant.channel.send(
                pong_resp=rtc.Pong(last_ping_timestamp=request.ping_req.timestamp, timestamp=int(wall_time() * 1000))
            )
        case "leave":
            raise ClientLeft
        case other:
            _log.debug("request %s of %s changes nothing", other, participant.identity)


def add_track(participant: Participant, request: rtc.AddTrackRequest, limits: Limits) -> None:
    """Announce a track under a new id, where the grants and the bounds allow it."""
    source = _source_name(request.source)
    refusal = None
    if not participant.claims.grants.may_publish(source):
        refusal = (_Reason.NOT_ALLOWED, f"the token does not allow to publish a track of source {source}")
    elif request.type not in (models.TrackType.AUDIO, models.TrackType.VIDEO) or not request.cid:
        refusal = (_Reason.UNSUPPORTED_TYPE, "a track is audio or video, and has a client id")
    elif request.ByteSize() > limits.track_bytes:
        refusal = (_Reason.LIMIT_EXCEEDED, f"the track's description is longer than {limits.track_bytes} bytes")
    elif len(participant.tracks) >= limits.tracks_per_participant:
        refusal = (_Reason.LIMIT_EXCEEDED, f"more than {limits.tracks_per_participant} tracks")
    if refusal is not None:
        reason, message = refusal
        participant.channel.send(
            request_response=rtc.RequestResponse(reason=reason, message=message, add_track=request)
        )
        return
    known = next((track for track in participant.pending_tracks() if track.cid == request.cid), None)
    info = known.info if known is not None else participant.announce_track(request.cid, _track_info(request)).info
    participant.channel.send(track_published=rtc.TrackPublishedResponse(cid=request.cid, track=info))


def _source_name(source: models.TrackSource) -> str:
    """LiveKit's name of a source as grants write it; a number from a newer client stands for itself."""
    return models.TrackSource.Name(source).lower() if source in models.TrackSource.values() else str(source)


def _track_info(request: rtc.AddTrackRequest) -> models.TrackInfo:
    prefix = "TR_V" if request.type == models.TrackType.VIDEO else "TR_A"
    return models.TrackInfo(
        sid=f"{prefix}{secrets.token_hex(6)}",
        type=request.type,
        name=request.name,
        muted=request.muted,
        width=request.width,
        height=request.height,
        source=request.source,
        layers=request.layers,
        disable_dtx=request.disable_dtx,
        disable_red=True,
        stereo=request.stereo,
        encryption=request.encryption,
        stream=request.stream,
        audio_features=request.audio_features,
        packet_trailer_features=request.packet_trailer_features,
    )


def _mute(participant: Participant, request: rtc.MuteTrackRequest) -> None:
    track = participant.tracks.get(request.sid)
    if track is not None and track.info.muted != request.muted:
        track.info.muted = request.muted
        participant.update_tracks()
        participant.room.announce(participant)


def _subscribe(participant: Participant, request: rtc.UpdateSubscription) -> None:
    sids = [*request.track_sids, *(sid for tracks in request.participant_tracks for sid in tracks.track_sids)]
    tracks = participant.room.tracks()
    for sid in dict.fromkeys(sids):
        track = tracks.get(sid)
        if track is not None:  # a track that ended meanwhile has nothing left to choose
            participant.wanted[sid] = request.subscribe
            participant.room.update_subscription(participant, track)


def _update_metadata(participant: Participant, request: rtc.UpdateParticipantMetadata, limits: Limits) -> None:
    info = participant.info
    attributes = {**info.attributes, **request.attributes}
    texts = (request.metadata, *attributes.keys(), *attributes.values())
    size = sum(len(text.encode()) for text in texts)
    reason, message = _Reason.OK, ""
    if not participant.claims.grants.can_update_own_metadata:
        reason, message = _Reason.NOT_ALLOWED, "the token does not allow to update its own metadata"
    elif size > limits.metadata_bytes or len(request.name.encode()) > limits.name_bytes:
        reason, message = _Reason.LIMIT_EXCEEDED, "name, metadata or attributes are too long"
    else:
        info.metadata = request.metadata or info.metadata
        info.name = request.name or info.name
        info.attributes.clear()
        info.attributes.update({key: value for key, value in attributes.items() if value})  # an empty value deletes
        participant.room.announce(participant)
    participant.channel.send(
        request_response=rtc.RequestResponse(request_id=request.request_id, reason=reason, message=message)
    )


def _sdp_of(description: rtc.SessionDescription, kind: str) -> str:
    if description.type != kind:
        raise MalformedSdp(f"a description of type {description.type[:16]!r} came as {kind}")
    return description.sdp
