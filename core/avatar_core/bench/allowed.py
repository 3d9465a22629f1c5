"""Which commands can be used in which state, and the reason for each that can't: the same for every session."""

from avatar_core.bench.states import Command, SessionState

_SPEECH_COMMANDS = (Command.STOP, Command.PAUSE, Command.RESUME, Command.END_SEGMENT)
_DRIVING = (
    *_SPEECH_COMMANDS,
    Command.SPEAK,
    Command.INTERRUPT,
    Command.SWAP,
    Command.SELECT_SOURCE,
    Command.ADD_SOURCE,
    Command.PLANT,
    Command.CRASH_AVATAR,
)
_OUT_OF_USE = {
    SessionState.IDLE: "Not connected",
    SessionState.FAILED: "The room is gone. Reconnect first",
    SessionState.CONNECTING: "Still connecting",
    SessionState.CLOSING: "Closing",
}


def blocked_in(state: SessionState, *, open_segment: bool, has_avatar: bool) -> dict[Command, str]:
    """The commands that can't be used now, each with its reason."""
    blocked: dict[Command, str] = {}
    if state in _OUT_OF_USE:
        others = (Command.SPEAK, Command.INTERRUPT, Command.SWAP, Command.RECORD, Command.CRASH_AVATAR)
        blocked = dict.fromkeys((*_SPEECH_COMMANDS, *others), _OUT_OF_USE[state])
    elif not has_avatar:
        blocked = dict.fromkeys(
            (*_SPEECH_COMMANDS, Command.SPEAK, Command.INTERRUPT, Command.CRASH_AVATAR), "No avatar is in the room"
        )
        if open_segment:
            # It waits for an avatar; that need not be waited for.
            del blocked[Command.INTERRUPT]
    elif not open_segment:
        blocked = dict.fromkeys((*_SPEECH_COMMANDS, Command.INTERRUPT), "Nothing is being said")
    elif state is SessionState.PAUSED:
        blocked[Command.PAUSE] = "Paused already"
    else:
        blocked[Command.RESUME] = "Nothing is paused"
    if state not in (SessionState.IDLE, SessionState.FAILED):
        blocked[Command.CONNECT] = "Connected already"
    return blocked


def blocked_while_observing(state: SessionState, named: str) -> dict[Command, str]:
    """The same where somebody else drives the avatar `named`: no command that would drive it can ever be used."""
    blocked = blocked_in(state, open_segment=False, has_avatar=True)
    return blocked | dict.fromkeys(_DRIVING, f"Observing: somebody else drives {named}")
