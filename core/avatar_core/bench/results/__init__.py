"""What a run leaves behind: its folder, and the result with every figure and verdict."""
