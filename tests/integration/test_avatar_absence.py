"""An avatar that leaves a real session in mid-word: it is waited for, comes back, is replaced, or given up."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from avatar_core.bench.session.absence import NOTICE_ID
from avatar_core.bench.snapshot import Notice, SessionSnapshot
from avatar_core.bench.states import Command, ProviderState, SegmentState, SessionState
from tests.patience import LIMIT_S
from tests.real_session import EMBEDDED, RealSession, connected_session
from tests.tone import write_tone

WORKER = "avatar_core.avatar.worker"
TONE_S = 5.0


def told(now: SessionSnapshot) -> Notice | None:
    """What is said of the avatar that left."""
    return next((notice for notice in now.notices if notice.id == NOTICE_ID), None)


class Spoken(RealSession):
    """It speaks a tone through a worker that can be killed."""

    async def begin(self, tone: Path) -> None:
        """Until a second of the tone has been heard."""
        assert (await self.session.add_source(tone)).ok
        assert (await self.session.speak()).ok
        await self.becomes(lambda now: bool(now.ledger) and now.ledger[0].played_s > 1.0)

    async def lose_avatar(self) -> tuple[SessionSnapshot, Notice]:
        self.leftovers.kill(WORKER)
        now = await self.becomes(lambda now: told(now) is not None)
        return now, told(now)

    async def start_another_under(self, identity: str) -> None:
        """What whoever hosts an avatar does: another process with a token of the same identity."""
        seat = self.session.life.stage.venue.seat(identity)
        await self.session.life.registry.get("audio-wave").start(seat)

    async def heard_to_its_end(self) -> None:
        done = await self.becomes(lambda now: now.state is SessionState.READY)
        [row] = done.ledger
        assert (row.state, row.ended) == (SegmentState.FINISHED, "ended")
        assert row.played_s == pytest.approx(row.pushed_s, abs=0.01)
        assert row.pushed_s == pytest.approx(TONE_S, abs=0.01)
        assert self.finished == Counter([row.segment_id])
        assert told(done) is None


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tone(tmp_path_factory.mktemp("speech") / "tone.wav", duration_s=TONE_S)


@pytest.fixture
async def spoken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tone: Path) -> AsyncIterator[Spoken]:
    config = replace(EMBEDDED, return_timeout_s=getattr(request, "param", LIMIT_S))
    async with connected_session(monkeypatch, Spoken, config=config, first_provider="audio-wave") as spoken:
        await spoken.begin(tone)
        yield spoken


async def test_one_that_comes_back_under_its_identity_says_the_rest(spoken: Spoken) -> None:
    identity = spoken.session.life.actor.identity
    now, notice = await spoken.lose_avatar()
    assert now.state is SessionState.WAITING
    assert next(info.state for info in now.providers if info.id == "audio-wave") is ProviderState.AWAY
    assert notice.title == "The avatar process ended (killed by signal SIGKILL)"
    assert "Speech waits" in notice.body
    assert "No avatar" in now.blocked[Command.SPEAK]
    assert now.balance.open == 1
    await spoken.start_another_under(identity)
    await spoken.becomes(lambda now: now.state is SessionState.SPEAKING)
    assert spoken.session.life.actor.identity == identity
    await spoken.heard_to_its_end()


async def test_one_that_takes_over_meanwhile_says_the_rest(spoken: Spoken) -> None:
    _, notice = await spoken.lose_avatar()
    again = await spoken.session.act_on_notice(notice.id, notice.actions[0].id)
    assert again.ok, again.text
    await spoken.heard_to_its_end()


async def test_what_is_held_can_be_interrupted(spoken: Spoken) -> None:
    await spoken.lose_avatar()
    assert (await spoken.session.interrupt()).ok
    now = spoken.session.snapshot()
    assert [(row.state, row.ended) for row in now.ledger] == [(SegmentState.INTERRUPTED, "interrupted")]
    assert now.state is SessionState.WAITING


@pytest.mark.parametrize("spoken", [0.5], indirect=True)
async def test_one_that_stays_away_is_given_up_and_still_taken_back_when_it_comes(spoken: Spoken) -> None:
    identity = spoken.session.life.actor.identity
    await spoken.lose_avatar()
    now = await spoken.becomes(lambda now: now.state is SessionState.READY)
    [row] = now.ledger
    assert (row.state, row.ended, now.balance.open) == (SegmentState.INTERRUPTED, "avatar ended", 0)
    assert 0.5 < row.played_s < row.pushed_s
    assert spoken.finished == Counter([row.segment_id])
    now = await spoken.becomes(lambda now: "did not come back in 0.5 s" in told(now).body)
    assert told(now).count == 1
    await spoken.start_another_under(identity)
    await spoken.becomes(lambda now: now.current_provider_id == "audio-wave" and told(now) is None)
    assert (await spoken.session.speak()).ok
    await spoken.becomes(lambda now: now.ledger[0].played_s > 0.5)
