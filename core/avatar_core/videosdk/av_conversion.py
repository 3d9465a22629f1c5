"""What a renderer of VideoSDK's yields, as items of our own generators."""

from collections.abc import Iterator
from dataclasses import replace

import av

from avatar_core.avatar.generator import AvatarOptions, GeneratedItem
from avatar_core.media.av_frames import from_av_audio, from_av_video
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, Samples
from avatar_core.media.resampler import Resampler


class AvConversion:
    """av frames of any size, rate and format as items of the options' shape."""

    def __init__(self, options: AvatarOptions) -> None:
        self._options = options
        self._resampler = Resampler(options.audio_sample_rate, options.audio_channels)

    def convert(self, frame: av.AudioFrame | av.VideoFrame | object, generation: int) -> Iterator[GeneratedItem]:
        """The items of one frame; whatever is no frame ends the segment, an end of VideoSDK's own class too."""
        if isinstance(frame, av.VideoFrame):
            picture = from_av_video(frame, self._options.video_width, self._options.video_height)
            yield replace(picture, generation=generation)
        elif isinstance(frame, av.AudioFrame):
            yield from self._sound(self._resampler.push(from_av_audio(frame)), generation)
        else:
            yield from self._sound(self._resampler.flush(), generation)
            yield AudioSegmentEnd(getattr(frame, "segment_id", None), generation)

    def reset(self) -> None:
        """Forget the sound that is between two samples."""
        self._resampler.reset()

    def _sound(self, samples: Samples, generation: int) -> Iterator[GeneratedItem]:
        if len(samples):
            yield AudioFrame(samples, self._options.audio_sample_rate, generation=generation)
