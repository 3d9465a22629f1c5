"""The worker process for VideoSDK's wire in a LiveKit room: `avatar.worker`, hearing by data packets."""

from avatar_core.avatar import worker
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.leaving import run_and_leave
from avatar_core.priority import keep_time
from avatar_core.room.connection import RoomConnection
from avatar_core.videosdk.room_meeting import RoomMeeting
from avatar_core.videosdk.speech_receiver import MeetingAudioReceiver


def videosdk_receiver(connection: RoomConnection, controller: str, _: AvatarOptions) -> MeetingAudioReceiver:
    """VideoSDK's wire, whose rate is VideoSDK's whatever the avatar's own is; answers go to the controller alone."""
    receiver = MeetingAudioReceiver(sender=controller)
    receiver.set_meeting(RoomMeeting(connection, destinations=[controller]))
    return receiver


if __name__ == "__main__":
    keep_time()
    run_and_leave(lambda: worker.main(videosdk_receiver))
