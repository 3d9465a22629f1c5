"""What is said: its sources, the speaker who sends it, and the book of its segments."""
