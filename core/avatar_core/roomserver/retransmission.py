"""The packets a publisher sent last, kept to answer its subscribers' NACKs."""


class RetransmissionBuffer:
    """A ring of packets by sequence number; each new one takes the place of the one `capacity` numbers before.

    The capacity is a power of two up to 65536, so that the ring runs on across the wrap of the sequence number.
    Raises ValueError for another.
    """

    def __init__(self, capacity: int = 1024) -> None:
        if not 1 <= capacity <= 0x10000 or capacity & (capacity - 1):
            raise ValueError(f"the capacity of a retransmission buffer is a power of two up to 65536, not {capacity}")
        self._mask = capacity - 1
        # Two lists instead of one of pairs: storing then allocates nothing.
        self._sequence_numbers = [-1] * capacity
        self._packets = [b""] * capacity

    def store(self, sequence_number: int, packet: bytes) -> None:
        """Keep a packet under its 16 bit sequence number."""
        slot = sequence_number & self._mask
        self._sequence_numbers[slot] = sequence_number
        self._packets[slot] = packet

    def get(self, sequence_number: int) -> bytes | None:
        """Return the packet with exactly this sequence number; None if it never came or was replaced since."""
        slot = sequence_number & self._mask
        return self._packets[slot] if self._sequence_numbers[slot] == sequence_number else None
