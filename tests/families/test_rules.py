"""Who may speak to whom, as a table and as properties; emblems."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.families import rules
from app.families.rules import EMBLEMS, ConsentFacts, NoContactFacts
from app.families.words import ConsentKind
from app.kernel.errors import Invalid, Refused

CALL, MESSAGE = ConsentKind.CALL, ConsentKind.MESSAGE
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def yes(
    from_: timedelta = -TICK,
    until: timedelta | None = None,
    revoked: timedelta | None = None,
    *,
    kind: ConsentKind = CALL,
    child: str = "ming",
    contact: str = "father",
) -> ConsentFacts:
    return ConsentFacts(kind, child, contact, NOON + from_, _after(until), _after(revoked))


def ban(
    from_: timedelta = -TICK, lifted: timedelta | None = None, *, child: str = "ming", contact: str = "father"
) -> NoContactFacts:
    return NoContactFacts(child, contact, NOON + from_, _after(lifted))


def _after(span: timedelta | None) -> datetime | None:
    return None if span is None else NOON + span


ZERO = timedelta()


@pytest.mark.parametrize(
    ("consents", "bans", "objection"),
    [
        ([], [], "no_consent"),
        ([yes()], [], None),
        ([yes(ZERO)], [], None),  # holds from its first instant
        ([yes(TICK)], [], "no_consent"),
        ([yes(until=TICK)], [], None),
        ([yes(until=ZERO)], [], "consent_ended"),  # and no longer at its last
        ([yes(revoked=TICK)], [], None),
        ([yes(revoked=ZERO)], [], "consent_ended"),
        ([yes(until=TICK, revoked=-TICK)], [], "consent_ended"),
        ([yes(TICK, revoked=-TICK)], [], "no_consent"),  # revoked before it began
        ([yes(revoked=-TICK), yes()], [], None),  # given again
        ([yes(until=-TICK), yes(TICK)], [], "consent_ended"),  # the next one has not begun
        ([yes(kind=MESSAGE)], [], "no_consent"),
        ([yes(child="hua")], [], "no_consent"),
        ([yes(contact="mother")], [], "no_consent"),
        ([yes(kind=MESSAGE, until=ZERO)], [], "no_consent"),
        ([yes()], [ban()], "no_contact"),
        ([], [ban()], "no_contact"),
        ([yes(until=ZERO)], [ban()], "no_contact"),
        ([yes()], [ban(ZERO)], "no_contact"),
        ([yes()], [ban(TICK)], None),
        ([yes()], [ban(lifted=TICK)], "no_contact"),
        ([yes()], [ban(lifted=ZERO)], None),
        ([yes()], [ban(lifted=ZERO), ban()], "no_contact"),
        ([yes()], [ban(contact="mother"), ban(child="hua")], None),
    ],
)
def test_may(consents: list[ConsentFacts], bans: list[NoContactFacts], objection: str | None) -> None:
    assert rules.objection(CALL, "ming", "father", consents, bans, NOON) == objection
    if objection is None:
        rules.may(CALL, "ming", "father", consents, bans, NOON)
    else:
        with pytest.raises(Refused) as refused:
            rules.may(CALL, "ming", "father", consents, bans, NOON)
        assert refused.value.code == objection


spans = st.integers(-3, 3).map(lambda n: n * TICK)
consents_of_anybody = st.builds(
    yes, spans, st.none() | spans, st.none() | spans,
    kind=st.sampled_from([CALL, MESSAGE]), child=st.sampled_from(["ming", "hua"]),
    contact=st.sampled_from(["father", "mother"]),
)  # fmt: skip
bans_of_anybody = st.builds(
    ban, spans, st.none() | spans, child=st.sampled_from(["ming", "hua"]), contact=st.sampled_from(["father", "mother"])
)


@pytest.mark.parametrize(
    ("consents", "bans", "since"),
    [
        ([yes(-9 * TICK)], [], None),
        ([yes(-9 * TICK, revoked=-4 * TICK)], [], -4 * TICK),
        ([yes(-9 * TICK, until=-4 * TICK)], [ban(-2 * TICK)], -4 * TICK),
        ([yes(-9 * TICK)], [ban(-3 * TICK)], -3 * TICK),
        ([yes(-9 * TICK)], [ban(-7 * TICK, lifted=-5 * TICK), ban(-3 * TICK)], -3 * TICK),  # and in between allowed
        ([yes(-9 * TICK, revoked=-4 * TICK), yes(-6 * TICK, revoked=-2 * TICK)], [], -2 * TICK),
        ([yes(-9 * TICK, revoked=-6 * TICK), yes(-4 * TICK, kind=MESSAGE)], [], -6 * TICK),
        ([yes(-9 * TICK, revoked=-4 * TICK), yes(TICK)], [], -4 * TICK),
        ([], [], ZERO),
    ],
)
def test_since_when_nothing_allows_it(
    consents: list[ConsentFacts], bans: list[NoContactFacts], since: timedelta | None
) -> None:
    found = rules.forbidden_since(CALL, "ming", "father", consents, bans, NOON)
    assert found == (None if since is None else NOON + since)


class TestProperties:
    @given(st.lists(consents_of_anybody, max_size=6), st.lists(bans_of_anybody, max_size=3), consents_of_anybody)
    def test_what_is_given_for_others_changes_nothing(
        self, consents: list[ConsentFacts], bans: list[NoContactFacts], other: ConsentFacts
    ) -> None:
        is_ours = (other.kind, other.child_id, other.contact_id) == (CALL, "ming", "father")
        with_other = rules.objection(CALL, "ming", "father", [*consents, other], bans, NOON)
        without = rules.objection(CALL, "ming", "father", consents, bans, NOON)
        assert is_ours or with_other == without

    @given(st.lists(consents_of_anybody, max_size=6), st.lists(bans_of_anybody, max_size=3))
    def test_more_consent_never_hurts_and_a_ban_always_wins(
        self, consents: list[ConsentFacts], bans: list[NoContactFacts]
    ) -> None:
        if rules.objection(CALL, "ming", "father", consents, bans, NOON) is None:
            assert rules.objection(CALL, "ming", "father", [*consents, yes(until=ZERO)], bans, NOON) is None
        assert rules.objection(CALL, "ming", "father", consents, [*bans, ban()], NOON) == "no_contact"

    @given(st.lists(consents_of_anybody, max_size=6))
    def test_revoking_everything_ends_it(self, consents: list[ConsentFacts]) -> None:
        revoked = [ConsentFacts(c.kind, c.child_id, c.contact_id, c.from_at, c.until_at, NOON) for c in consents]
        assert rules.objection(CALL, "ming", "father", revoked, [], NOON) in ("no_consent", "consent_ended")


class TestEmblems:
    def test_an_emblem_is_free_until_it_is_taken(self) -> None:
        rules.check_emblem("fox", {"kite"})
        with pytest.raises(Refused, match="emblem_taken"):
            rules.check_emblem("fox", {"kite", "fox"})
        with pytest.raises(Invalid, match="unknown_emblem"):
            rules.check_emblem("unicorn", set())

    def test_free_ones_come_in_their_order(self) -> None:
        assert rules.free_emblems(set()) == list(EMBLEMS)
        assert rules.free_emblems({"kite", "fox"}) == list(EMBLEMS[2:])

    def test_in_a_large_village_two_pictures_stand_together(self) -> None:
        taken = set(EMBLEMS)
        assert rules.free_emblems(taken)[:2] == ["fox-kite", "kite-fish"]
        while free := rules.free_emblems(taken):
            rules.check_emblem(free[0], taken)
            taken.add(free[0])
        assert len(taken) == len(EMBLEMS) ** 2
        for wrong in ("fox-fox", "fox-", "fox-unicorn", "fox-kite-fish"):
            with pytest.raises(Invalid, match="unknown_emblem"):
                rules.check_emblem(wrong, set())
