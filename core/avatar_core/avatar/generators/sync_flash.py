"""The sync-pattern generator: a flash in every picture whose sound holds the beep, a counter that survives codecs.

For people there is also a marker that crosses the middle of its scale on the beep, the number of the utterance, and
the seconds since it began.
"""

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.audio_driven import AudioDrivenGenerator
from avatar_core.avatar.generators.digits import ADVANCE, WIDTH, draw_digit
from avatar_core.avatar.generators.raster import Canvas, Path, View, box, flat, radial, rgb
from avatar_core.avatar.generators.sprites import Sprite, background, canvas_for
from avatar_core.clock import Clock
from avatar_core.media.frames import Pixels, Samples
from avatar_core.media.pixels import i420_planes
from avatar_core.media.sync_pattern import BEEP_PERIOD_S, BEEP_PHASE_S, UTTERANCES, has_beep, read_utterance
from avatar_core.media.sync_picture import COUNTER_AREA, FLASH_AREA, WHITE, Area, Counter, draw_counter

# Grey without any tint: counter and flash are drawn in luma alone.
_BLACK, _PANEL = rgb("#000000"), rgb("#101010")
_EDGE, _DIM, _BRIGHT, _ACCENT = rgb("#3a4a57"), rgb("#50616e"), rgb("#dfe7ec"), rgb("#62b5f5")
_SCALE = Area(0.16, 0.80, 0.84, 0.88)
_LAMPS_Y = 0.94
_DIGITS_Y = 0.49
_UTTERANCE_X, _SECONDS_X = 0.17, 0.83
_DIGIT_HEIGHT = 0.12


class SyncFlash(AudioDrivenGenerator):
    """Decides each picture by its own sound, so the flash is where the beep is, whatever came before."""

    def __init__(self, options: AvatarOptions, clock: Clock) -> None:
        super().__init__(options, clock)
        self._width, self._height = options.video_width, options.video_height
        # One unit of line width, radius and the like; 1 px at 720p.
        self._unit = min(self._width / 1280, self._height / 720)
        canvas = Canvas(self._width, self._height, View(0, 0, 1))
        self._draw_ground(canvas)
        self._ground = background(canvas)
        unit, (left, top, right, bottom) = self._unit, self._pixels(_SCALE)
        self._scale_px = right - left
        middle = (left + right) / 2
        self._marker = self._sprite(box(middle - 4 * unit, top, middle + 4 * unit, bottom, 4 * unit), _ACCENT)
        lamp_x, lamp_y = self._lamp_place(0)
        self._lamp = self._sprite(
            box(lamp_x - 11 * unit, lamp_y - 5 * unit, lamp_x + 11 * unit, lamp_y + 5 * unit, 5 * unit), _ACCENT
        )
        self._digit_px = _DIGIT_HEIGHT * min(self._height, self._width * 9 / 16)
        self._digits = {digit: self._digit_sprite(digit) for digit in "0123456789-."}
        self._utterance: int | None = None
        self._began_s: float | None = None
        self._beat_s = 0.0
        self._lit = False

    def draw(self, sound: Samples | None, time_s: float) -> Pixels:
        """The pattern, with a flash where a beep begins."""
        flash = self._hear(sound, time_s)
        picture = self._ground.copy()
        luma = i420_planes(picture, self._width, self._height)[0]
        draw_counter(luma, Counter(self._frame, self._utterance))
        if flash:
            luma[FLASH_AREA.slices(self._height, self._width)] = WHITE
        seconds = "-.-" if self._began_s is None else f"{(time_s - self._began_s) % 1000:.1f}"
        self._write(picture, "-" if self._utterance is None else str(self._utterance), _UTTERANCE_X)
        self._write(picture, seconds, _SECONDS_X)
        if self._began_s is not None:
            phase = ((time_s - self._beat_s) / BEEP_PERIOD_S + 0.5) % 1 - 0.5
            self._marker.draw(picture, self._width, self._height, phase * self._scale_px)
        if self._utterance is not None:
            first, place = self._lamp_place(0)[0], self._lamp_place(self._utterance)[0]
            self._lamp.draw(picture, self._width, self._height, place - first)
        return picture

    def _forget(self) -> None:
        self._hear(None, 0.0)

    def _hear(self, sound: Samples | None, time_s: float) -> bool:
        """Take in one picture's sound; whether it holds the beep."""
        if sound is None:
            self._utterance, self._began_s, self._lit = None, None, False
            return False
        if self._began_s is None:
            self._began_s, self._beat_s = time_s, time_s + BEEP_PHASE_S
        rate = self.options.audio_sample_rate
        # A picture's sound may be too short, or too full of beep, to tell: then the last answer stands.
        self._utterance = self._utterance if (heard := read_utterance(sound, rate)) is None else heard
        flash = has_beep(sound, rate)
        if flash and not self._lit:
            self._beat_s = time_s
        self._lit = flash
        return flash

    def _draw_ground(self, canvas: Canvas) -> None:
        unit, width, height = self._unit, self._width, self._height
        wall = [(0.0, rgb("#1e2a35")), (0.7, rgb("#151d25")), (1.0, rgb("#0e1419"))]
        canvas.paint_all(radial((width / 2, height / 2), width * 0.65, height * 0.8, wall))
        for area, colour, margin in ((COUNTER_AREA, _BLACK, 10 * unit), (FLASH_AREA, _PANEL, 0.0)):
            left, top, right, bottom = self._pixels(area)
            edge = margin + 2 * unit
            canvas.fill(box(left - edge, top - edge, right + edge, bottom + edge, edge), flat(_EDGE))
            canvas.fill(box(left - margin, top - margin, right + margin, bottom + margin, margin), flat(colour))
        left, top, right, bottom = self._pixels(_SCALE)
        line = (top + bottom) / 2
        canvas.fill(box(left, line - unit, right, line + unit), flat(_DIM))
        for tick in range(21):
            x = left + tick * (right - left) / 20
            reach = (bottom - top) * (0.5 if tick == 10 else 0.3 if tick % 5 == 0 else 0.14)
            colour = _BRIGHT if tick == 10 else _DIM
            canvas.fill(box(x - 1.5 * unit, line - reach, x + 1.5 * unit, line + reach, unit), flat(colour))
        for utterance in range(UTTERANCES):
            x, y = self._lamp_place(utterance)
            canvas.fill(box(x - 11 * unit, y - 5 * unit, x + 11 * unit, y + 5 * unit, 5 * unit), flat(_EDGE))

    def _lamp_place(self, utterance: int) -> tuple[float, float]:
        share = 0.5 + (utterance - (UTTERANCES - 1) / 2) * 0.032
        return share * self._width, _LAMPS_Y * self._height

    def _write(self, picture: Pixels, text: str, centre: float) -> None:
        """Digits around `centre`, a share of the width."""
        advances = [0.28 if character == "." else ADVANCE for character in text]
        x = centre * self._width - (sum(advances) - ADVANCE + WIDTH) * self._digit_px / 2
        for character, advance in zip(text, advances, strict=True):
            self._digits[character].draw(picture, self._width, self._height, x)
            x += advance * self._digit_px

    def _digit_sprite(self, digit: str) -> Sprite:
        top = _DIGITS_Y * self._height
        canvas, x, y = canvas_for(0, int(top), int(self._digit_px), int(top + self._digit_px) + 2, View(0, 0, 1))
        draw_digit(canvas, digit, 0, top, self._digit_px, _BRIGHT)
        return Sprite(canvas, x, y)

    def _sprite(self, path: Path, colour: tuple[float, float, float]) -> Sprite:
        points = path.points()
        low, high = points.min(axis=0), points.max(axis=0)
        canvas, x, y = canvas_for(int(low[0]) - 2, int(low[1]) - 2, int(high[0]) + 2, int(high[1]) + 2, View(0, 0, 1))
        canvas.fill(path, flat(colour))
        return Sprite(canvas, x, y)

    def _pixels(self, area: Area) -> tuple[float, float, float, float]:
        rows, columns = area.slices(self._height, self._width)
        return float(columns.start), float(rows.start), float(columns.stop), float(rows.stop)
