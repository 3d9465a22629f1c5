"""The parts of the window. Each shows a snapshot and reports what the user asks for; none talks to the session."""
