"""A/V offset of talking faces, from a coarse grid of the picture and the loudness of the voice. Pure; no model.

A filter that turns the picture into the voice's envelope is learned while watching; where it foretells the voice best,
over all lags, is the offset. What can't be known is refused, with the reason. `follower` streams, `offline` takes all.
"""
