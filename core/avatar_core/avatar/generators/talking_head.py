"""The talking-head generator: a drawn face whose mouth follows the loudness of the speech."""

from collections.abc import Callable

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.audio_driven import AudioDrivenGenerator
from avatar_core.avatar.generators.face_motion import GAZES, FaceMotion, FacePose
from avatar_core.avatar.generators.portrait import draw_body, draw_hair_behind, draw_head, draw_room, view_of
from avatar_core.avatar.generators.portrait_features import (
    BROWS_AREA,
    EYES_AREA,
    MOUTH_AREA,
    NOSE_AREA,
    Gaze,
    draw_brows,
    draw_eyes,
    draw_mouth,
    draw_nose,
)
from avatar_core.avatar.generators.raster import Canvas
from avatar_core.avatar.generators.sprites import Sprite, background, canvas_for
from avatar_core.clock import Clock
from avatar_core.media.frames import Pixels, Samples

_OPENINGS = 24
_WIDTHS = 4
_LIDS = 5
# What is nearer to the viewer moves further when the head turns.
_BEHIND = 0.7
_FEATURES = 1.5


class TalkingHead(AudioDrivenGenerator):
    """Layers drawn once, laid over each other for each picture; mouths and eyes are drawn when first needed."""

    def __init__(self, options: AvatarOptions, clock: Clock) -> None:
        super().__init__(options, clock)
        self._view = view_of(options.video_width, options.video_height)
        self._motion = FaceMotion(options.audio_sample_rate)
        room = Canvas(options.video_width, options.video_height, self._view)
        draw_room(room)
        self._room = background(room)
        self._hair_behind = self._sprite((450, 96, 830, 610), draw_hair_behind)
        self._body = self._sprite((260, 420, 1020, 780), draw_body)
        self._head = self._sprite((480, 96, 800, 520), draw_head)
        self._brows = self._sprite(BROWS_AREA, draw_brows)
        self._nose = self._sprite(NOSE_AREA, draw_nose)
        self._eyes: dict[tuple[int, int], Sprite] = {}
        self._mouths: dict[tuple[int, int], Sprite] = {}

    def draw(self, sound: Samples | None, time_s: float) -> Pixels:
        """The head in the pose of this frame."""
        pose = self._motion.pose(sound, time_s)
        picture = self._room.copy()
        self._lay(picture, self._hair_behind, _BEHIND * pose.head_x, _BEHIND * pose.head_y)
        self._lay(picture, self._body, pose.body_x, pose.body_y)
        self._lay(picture, self._head, pose.head_x, pose.head_y)
        turn_x, turn_y = _FEATURES * pose.head_x, _FEATURES * pose.head_y
        self._lay(picture, self._nose, turn_x, turn_y)
        self._lay(picture, self._mouth(pose), turn_x, turn_y)
        self._lay(picture, self._eye_pair(pose), turn_x, turn_y)
        self._lay(picture, self._brows, turn_x, turn_y + pose.brow_y)
        return picture

    def _forget(self) -> None:
        self._motion.close_mouth()

    def _mouth(self, pose: FacePose) -> Sprite:
        key = round(pose.opening * (_OPENINGS - 1)), round(pose.width * (_WIDTHS - 1))
        if key not in self._mouths:
            opening, width = key[0] / (_OPENINGS - 1), key[1] / (_WIDTHS - 1)
            self._mouths[key] = self._sprite(MOUTH_AREA, lambda canvas: draw_mouth(canvas, opening, width))
        return self._mouths[key]

    def _eye_pair(self, pose: FacePose) -> Sprite:
        key = round(pose.lid * (_LIDS - 1)), pose.gaze
        if key not in self._eyes:
            lid, gaze = key[0] / (_LIDS - 1), Gaze(*GAZES[key[1]])
            self._eyes[key] = self._sprite(EYES_AREA, lambda canvas: draw_eyes(canvas, lid, gaze))
        return self._eyes[key]

    def _sprite(self, area: tuple[int, int, int, int], draw: Callable[[Canvas], None]) -> Sprite:
        canvas, x, y = canvas_for(*area, self._view)
        draw(canvas)
        return Sprite(canvas, x, y)

    def _lay(self, picture: Pixels, sprite: Sprite, x: float, y: float) -> None:
        scale = self._view.scale
        sprite.draw(picture, self.options.video_width, self.options.video_height, x * scale, y * scale)
