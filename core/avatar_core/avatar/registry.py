"""The reference generators by name. Others come with a registry of their own, made where the worker starts."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from avatar_core.avatar.generator import AvatarOptions, VideoGenerator
from avatar_core.avatar.generators.audio_wave import AudioWave
from avatar_core.avatar.generators.sync_flash import SyncFlash
from avatar_core.avatar.generators.talking_head import TalkingHead
from avatar_core.clock import Clock

GeneratorFactory = Callable[[AvatarOptions, Clock], VideoGenerator]

REFERENCE_GENERATORS: Mapping[str, GeneratorFactory] = MappingProxyType(
    {"talking-head": TalkingHead, "sync-pattern": SyncFlash, "audio-wave": AudioWave}
)
