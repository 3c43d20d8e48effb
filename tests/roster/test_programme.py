"""That the programme says the same as the rules and the score, and that there always is a solution."""

from collections import Counter

from hypothesis import given

from app.roster.board import Board
from app.roster.greedy import filled
from app.roster.problem import Problem
from app.roster.programme import Programme, Row, Span, Tier, together
from app.roster.starts import offered
from app.roster.worth import Worth
from tests.roster.weeks import weeks


def holds(row: Row, values: Counter[int]) -> bool:
    total = sum(values[column] for column in row.plus) - sum(values[column] for column in row.minus)
    return total == row.most if row.is_equal else total <= row.most


@given(weeks())
def test_an_empty_roster_keeps_all_rows(problem: Problem) -> None:
    offer = offered(problem)
    assert all(holds(row, Counter()) for row in Programme(offer, Worth(offer)).rows)


@given(weeks())
def test_a_roster_keeps_all_rows_and_is_worth_its_score(problem: Problem) -> None:
    offer = offered(problem)
    worth = Worth(offer)
    programme, roster = Programme(offer, worth), filled(offer, worth)
    values = Counter({programme.starts.index(one): 1 for one in roster})
    values.update(programme.settled(Tier.WISHES, roster))
    assert all(holds(row, values) for row in programme.rows)
    score = worth.score(roster)
    for tier, total in ((Tier.FIRST, score.first), (Tier.FURTHER, score.further)):
        assert sum(gain * values[column] for column, gain in programme.worth[tier].items()) == total
    assert sum(worth.wish(one) for one in roster) == sum(
        programme.worth[Tier.WISHES][column] for column in range(len(programme.starts)) if values[column]
    )


@given(weeks())
def test_what_breaks_a_rule_breaks_a_row(problem: Problem) -> None:
    """A call more in a full roster: the board refuses it, and so does a row."""
    offer = offered(problem)
    worth = Worth(offer)
    programme, roster = Programme(offer, worth), filled(offer, worth)
    board = Board(offer, roster)
    for one in programme.starts:
        if one not in roster:
            assert one.option not in set(board.starts_left(one.wish))
            values = Counter({programme.starts.index(other): 1 for other in [*roster, one]})
            values.update(programme.settled(Tier.WISHES, [*roster, one]))
            assert not all(holds(row, values) for row in programme.rows)


def test_only_the_largest_sets_that_meet_are_named() -> None:
    spans = [Span(0, 3, 0), Span(1, 4, 1), Span(3, 5, 2), Span(6, 7, 3)]
    assert list(together(spans)) == [[0, 1], [1, 2], [3]]
    assert list(together([])) == []
