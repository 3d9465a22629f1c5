"""A/V offset of talking faces, from thumbnails of the picture and the loudness of the voice. Pure; no model.

A filter that turns pictures into the voice's envelope is learned while watching; where it foretells the voice best,
over all lags, is the offset. What can't be known is refused, with the reason. `follower` is for a face that is being
watched, `offline` for one that was.
"""
