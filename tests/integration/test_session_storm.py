"""A session without a window under a storm of swaps and interrupts: the books balance, and nothing is left behind."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.stage.stage import ATTRIBUTE_MAY_SWAP
from avatar_core.bench.stage.venue import AGENT_IDENTITY
from avatar_core.bench.states import SessionState
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import ConnectOptions
from avatar_core.room.rpc import RpcEndpoint, RpcError
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token
from avatar_core.wire.livekit import RPC_SWAP_AVATAR, SwapRequest, encode_swap_request
from tests.leftovers import Leftovers
from tests.patience import LIMIT_S
from tests.tone import write_tone

EMBEDDED = Config(RoomChoice(RoomKind.EMBEDDED, "the session starts its own room"))
PICTURE = {"width": 640, "height": 360, "fps": 15.0}
AVATARS = ("talking-head", "audio-wave", "sync-pattern")
LOOK_S = 0.02
SEED, SWAPS, INTERRUPTS = 4, 10, 20
BAD_REQUEST, NOT_ALLOWED, SWAP_FAILED = 2400, 2401, 2500  # docs/protocols.md


class Books:
    """What the chain told of ends, beside the session's own ledger."""

    def __init__(self, session: BenchSession) -> None:
        self.finished: Counter[str] = Counter()
        session.event.connect(
            lambda event: self.finished.update([event.segment_id]) if event.kind == "Finished" else None
        )


@pytest.fixture
async def session(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BenchSession]:
    """A session that is connected; at its end it is closed, and nothing of it is left."""
    leftovers = Leftovers(monkeypatch)
    session = BenchSession(EMBEDDED, worker_options=PICTURE, monitor_muted=True)
    try:
        connected = await session.connect()
        assert connected.ok, connected.text
        yield session
    finally:
        await session.aclose()
        await leftovers.nothing_within(LIMIT_S)


async def becomes(session: BenchSession, state: SessionState) -> None:
    async with asyncio.timeout(LIMIT_S):
        while session.state is not state:
            await asyncio.sleep(LOOK_S)


async def swap_at_random(session: BenchSession, chance: random.Random, swaps: int) -> None:
    for _ in range(swaps):
        await asyncio.sleep(chance.uniform(0, 0.5))
        in_place = chance.random() < 0.3
        result = await session.swap(chance.choice(AVATARS), in_place=in_place)
        assert result.ok, f"{'in place' if in_place else 'beside'}: {result.text}"


async def interrupt_at_random(session: BenchSession, chance: random.Random, interrupts: int) -> None:
    """Speak and interrupt that often, also in the midst of swaps."""
    for _ in range(interrupts):
        spoken = await session.speak()
        assert spoken.ok, spoken.text
        async with asyncio.timeout(LIMIT_S):
            while not session.snapshot().balance.open:
                await asyncio.sleep(LOOK_S)
        await asyncio.sleep(chance.uniform(0, 0.8))
        while not (result := await session.interrupt()).ok:
            if "still heard" in result.text:
                await falls_silent(session)
                break
            # Between the two avatars of a swap in place there is nobody to silence; a user presses again.
            assert (result.text, session.state) == ("No avatar is in the room", SessionState.SWAPPING)
            await asyncio.sleep(LOOK_S)


async def falls_silent(session: BenchSession) -> None:
    """Silence that is told after the interrupt has waited for it: where two avatars start, cores may be taken."""
    async with asyncio.timeout(LIMIT_S):
        while any(session.life.hearing.audible(who) for who in session.life.stage.connection.participants):
            await asyncio.sleep(LOOK_S)


async def test_every_segment_of_a_storm_finishes_once_and_nothing_is_left(
    session: BenchSession, tmp_path: Path
) -> None:
    books = Books(session)
    added = await session.add_source(write_tone(tmp_path / "tone.wav"))
    assert added.ok, added.text
    chance = random.Random(SEED)
    async with asyncio.TaskGroup() as group:
        group.create_task(swap_at_random(session, random.Random(chance.random()), SWAPS))
        group.create_task(interrupt_at_random(session, random.Random(chance.random()), INTERRUPTS))
    await becomes(session, SessionState.READY)
    snapshot = session.snapshot()
    rows = snapshot.ledger
    assert len(rows) >= INTERRUPTS
    assert [row for row in rows if not row.state.ended] == []
    assert books.finished == Counter(row.segment_id for row in rows)
    assert (snapshot.balance.opened, snapshot.balance.finished) == (len(rows), len(rows))
    avatars = [who for who in session.life.stage.connection.participants if who.startswith("avatar-")]
    assert avatars == [session.life.actor.identity]


@asynccontextmanager
async def participant(
    session: BenchSession, identity: str, attributes: Mapping[str, str]
) -> AsyncIterator[RpcEndpoint]:
    """Somebody who joins the session's room with a token that says this of them."""
    venue = session.life.stage.venue
    claims = TokenClaims(identity, VideoGrants(room_join=True, room=venue.room_name), attributes=attributes)
    token = mint_token(claims, api_key=venue.room.api_key, api_secret=venue.room.api_secret, ttl_s=60)
    connection = RoomConnection()
    try:
        await connection.connect(venue.room.url, token, ConnectOptions(auto_subscribe=False))
        await connection.wait_for_participant(AGENT_IDENTITY)
        # Whether somebody may swap the agent knows once it has seen them.
        await session.life.stage.connection.wait_for_participant(identity)
        yield connection.rpc
    finally:
        await connection.aclose()


@pytest.mark.parametrize("mode", ["beside", "in_place"])
async def test_whoever_may_swap_can_do_so_by_rpc(mode: str, session: BenchSession) -> None:
    before = session.life.actor
    async with participant(session, "director", {ATTRIBUTE_MAY_SWAP: "true"}) as rpc:
        request = encode_swap_request(SwapRequest(provider="audio-wave", mode=mode))
        answer = await rpc.perform(AGENT_IDENTITY, RPC_SWAP_AVATAR, request, response_timeout_s=LIMIT_S)
    assert json.loads(answer)["text"]
    assert session.snapshot().current_provider_id == "audio-wave"
    assert session.life.actor is not before
    assert (session.life.actor.identity == before.identity) is (mode == "in_place")


async def test_a_swap_by_rpc_is_refused_to_others_and_for_what_makes_no_sense(session: BenchSession) -> None:
    before = session.life.actor
    request = encode_swap_request(SwapRequest(provider="audio-wave"))
    for attributes in ({}, {ATTRIBUTE_MAY_SWAP: "no"}):
        async with participant(session, "stranger", attributes) as rpc:
            with pytest.raises(RpcError, match="may not swap") as refused:
                await rpc.perform(AGENT_IDENTITY, RPC_SWAP_AVATAR, request, response_timeout_s=LIMIT_S)
            assert refused.value.code == NOT_ALLOWED
    async with participant(session, "director", {ATTRIBUTE_MAY_SWAP: "true"}) as rpc:
        for payload, code in (("{", BAD_REQUEST), (encode_swap_request(SwapRequest(provider="nobody")), SWAP_FAILED)):
            with pytest.raises(RpcError) as failed:
                await rpc.perform(AGENT_IDENTITY, RPC_SWAP_AVATAR, payload, response_timeout_s=LIMIT_S)
            assert failed.value.code == code
    assert session.life.actor is before
