"""What a viewer would hear of the bundled speech: through Opus, and with faults planted on the way."""

import io
import wave

import av
import numpy as np

from avatar_core.media.speech import bundled_speech
from avatar_core.metrics.observations import HEARD_RATE_HZ, Mono, Sound
from avatar_core.metrics.speech_features import LEVEL_HOP_S, levels

BEGAN_S = 1_000.0
"""When the recording of what was heard begins."""
LEAD_S = 0.8
SENT_S = BEGAN_S + LEAD_S
"""When the reference's beginning is heard: nothing delays it."""


def speech(name: str, duration_s: float = 60.0) -> Sound:
    """A bundled recording by (part of) its file's name, or as much of its beginning."""
    path = next(speech.path for speech in bundled_speech() if name in speech.path.name)
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return Sound(samples[: round(duration_s * rate)], rate)


def played(reference: Sound) -> Mono:
    """The samples an avatar would play, at the rate a viewer hears: faults are planted in them."""
    return reference.at_rate(HEARD_RATE_HZ).samples.copy()


def heard(samples: Mono, *, bitrate_bps: int = 32_000) -> Sound:
    """`samples` as a viewer gets them: silence before and after, all of it through Opus."""
    silence = np.zeros(round(LEAD_S * HEARD_RATE_HZ), np.int16)
    whole = np.concatenate((silence, np.clip(samples, -32768, 32767).astype(np.int16), silence))
    return Sound(_through_opus(whole, bitrate_bps), HEARD_RATE_HZ, BEGAN_S)


def at(moment_s: float) -> int:
    """The index of the sample at `moment_s` of the utterance."""
    return round(moment_s * HEARD_RATE_HZ)


def spoken_places(samples: Mono, length_s: float, count: int) -> list[float]:
    """Where speech goes on without a pause for `length_s`, a second apart."""
    said = levels(samples / 32768, 48_000) > -40
    size, places = round(length_s / LEVEL_HOP_S), list[float]()
    for start in range(round(1.0 / LEVEL_HOP_S), len(said) - round(1.5 / LEVEL_HOP_S)):
        if said[start : start + size].all() and (not places or start * LEVEL_HOP_S - places[-1] > 1.0):
            places.append(start * LEVEL_HOP_S)
    return places[:count]


def slowed(samples: Mono, ratio: float) -> Mono:
    """Played at a wrong rate: `ratio` times as long, and deeper by it."""
    index = np.arange(round(len(samples) * ratio)) / ratio
    slow: Mono = np.rint(np.interp(index, np.arange(len(samples)), samples)).astype(np.int16)
    return slow


def raised(samples: Mono, ratio: float) -> Mono:
    """At a wrong pitch and the right rate: played faster, then drawn out by overlapping pieces that fit (SOLA)."""
    fast = slowed(samples, 1 / ratio).astype(np.float64)
    window, hop, reach = at(0.04), at(0.02), at(0.01)
    shape, out, last = np.hanning(window), np.zeros(len(samples) + window), 0
    for place in range(0, len(samples) - window, hop):
        start = min(round(place / ratio), len(fast) - window)
        if place:
            follows = fast[last + hop : last + hop + window]
            low, high = max(0, start - reach), min(len(fast) - window, start + reach)
            if high > low and len(follows) == window:
                fit = np.correlate(fast[low : high + window : 4], follows[::4], "valid")
                start = min(high, low + 4 * int(fit.argmax()))
        out[place : place + window] += shape * fast[start : start + window]
        last = start
    return np.rint(out[: len(samples)]).astype(np.int16)


def stretched(samples: Mono, *, seed: int = 1, times: int = 8) -> Mono:
    """As a jitter buffer does: now and then 5 to 12 ms are faded out of it, or in twice."""
    random, sound = np.random.default_rng(seed), samples.astype(np.float64)
    for _ in range(times):
        place, size = (
            random.integers(at(0.3), len(sound) - at(1.0)),
            round(random.uniform(0.005, 0.012) * HEARD_RATE_HZ),
        )
        one, two, fade = sound[place : place + size], sound[place + size : place + 2 * size], np.linspace(0, 1, size)
        if random.random() < 0.5:
            sound = np.concatenate((sound[:place], one * (1 - fade) + two * fade, sound[place + 2 * size :]))
        else:
            sound = np.concatenate((sound[: place + size], two * (1 - fade) + one * fade, sound[place + size :]))
    return np.rint(sound).astype(np.int16)


def _through_opus(samples: Mono, bitrate_bps: int) -> Mono:
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=HEARD_RATE_HZ, layout="mono")
        stream.bit_rate = bitrate_bps
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = HEARD_RATE_HZ, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    file.seek(0)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=HEARD_RATE_HZ)
    with av.open(file) as container:
        parts = [out.to_ndarray()[0] for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate(parts)[: len(samples)]
