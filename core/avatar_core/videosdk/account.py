"""A meeting of a VideoSDK account: which one, what lets us in, and who is to be the avatar there."""

from dataclasses import dataclass, field

from avatar_core.errors import ProviderStartError
from avatar_core.videosdk.avatar_auth import generate_avatar_credentials
from avatar_core.wire.relay import MeetingPlace


@dataclass(frozen=True)
class MeetingAccount:
    """A meeting of VideoSDK, and what lets us in. `python` is the interpreter of the relay.

    Tokens are signed with `api_key` and `secret_key`, or are `auth_token`. The avatar is called by `dispatcher_url`;
    without one it comes by itself as `avatar_id`, or is our reference worker, through a relay of its own.
    """

    meeting_id: str
    python: str
    api_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    auth_token: str = field(default="", repr=False)
    dispatcher_url: str = ""
    avatar_id: str = ""
    signaling_base_url: str = ""

    def token(self, participant_id: str) -> str:
        """That lets `participant_id` in; ProviderStartError without anything to make it of."""
        if self.api_key and self.secret_key:
            return generate_avatar_credentials(self.api_key, self.secret_key, participant_id=participant_id).token
        if self.auth_token:
            return self.auth_token
        raise ProviderStartError(
            f"The VideoSDK meeting {self.meeting_id} lets nobody in without a token: set VIDEOSDK_API_KEY and "
            "VIDEOSDK_SECRET_KEY, or VIDEOSDK_AUTH_TOKEN."
        )

    def place(self, participant_id: str, peer: str) -> MeetingPlace:
        """In the meeting, for a relay."""
        token = self.token(participant_id)
        return MeetingPlace("videosdk", self.meeting_id, participant_id, peer, token, self.signaling_base_url)
