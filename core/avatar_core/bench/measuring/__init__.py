"""How a session comes by its figures: what viewer, avatar and machine tell, utterances compared, faces read."""
