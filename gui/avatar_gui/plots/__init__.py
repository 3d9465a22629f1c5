"""Everything with a time axis: curves, bands, marks, the crosshair, and the timeline of segments."""
