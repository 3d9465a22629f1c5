"""The vendors' names, plugins and key names, as data. How each one is driven belongs in avatar_core.providers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Vendor:
    """One vendor: the names its keys have in the environment, and the distribution that brings its plugin.

    `plugin` is empty where none is needed. Any one of `keys` shows that the vendor is meant to be used.
    """

    name: str
    keys: tuple[str, ...]
    plugin: str


# PROTOCOLS section 6.1, in its order; VideoSDK's names are those of its rule V3.
VENDORS = (
    Vendor("Tavus", ("TAVUS_API_KEY",), "livekit-plugins-tavus"),
    Vendor("Anam", ("ANAM_API_KEY",), "livekit-plugins-anam"),
    Vendor("Beyond Presence", ("BEY_API_KEY",), "livekit-plugins-bey"),
    Vendor("Simli", ("SIMLI_API_KEY",), "livekit-plugins-simli"),
    Vendor("LemonSlice", ("LEMONSLICE_API_KEY",), "livekit-plugins-lemonslice"),
    Vendor("Avatario", ("AVATARIO_API_KEY",), "livekit-plugins-avatario"),
    Vendor("AvatarTalk", ("AVATARTALK_API_KEY",), "livekit-plugins-avatartalk"),
    Vendor("D-ID", ("DID_API_KEY",), "livekit-plugins-did"),
    Vendor("Keyframe", ("KEYFRAME_API_KEY",), "livekit-plugins-keyframe"),
    Vendor("LiveAvatar", ("LIVEAVATAR_API_KEY",), "livekit-plugins-liveavatar"),
    Vendor("Runway", ("RUNWAYML_API_SECRET",), "livekit-plugins-runway"),
    Vendor("TruGen", ("TRUGEN_API_KEY",), "livekit-plugins-trugen"),
    Vendor("Protoface", ("PROTOFACE_API_KEY",), "livekit-plugins-protoface"),
    Vendor("Boson", ("BOSON_API_KEY", "BOSONAI_API_KEY"), "livekit-plugins-boson-avatar"),
    Vendor("Synthesia", ("SYNTHESIA_API_KEY",), "livekit-plugins-synthesia"),
    Vendor("Spatius", ("SPATIUS_API_KEY",), "livekit-plugins-spatius"),
    Vendor("bitHuman", ("BITHUMAN_API_SECRET", "BITHUMAN_API_TOKEN"), "livekit-plugins-bithuman"),
    Vendor("LiveKit Inference", ("LIVEKIT_INFERENCE_API_KEY", "LIVEKIT_INFERENCE_API_SECRET"), "livekit-agents"),
    Vendor("VideoSDK", ("VIDEOSDK_API_KEY", "VIDEOSDK_SECRET_KEY"), ""),
)

VENDOR_KEY_NAMES = tuple(key for vendor in VENDORS for key in vendor.keys)
