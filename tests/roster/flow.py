"""The best plain roster as a cheapest flow: exact, in whole numbers, and with no part of the programme that is solved.

Plain is a week in which all calls are equally long and nobody is in two pairs. Then what a family's next call is worth
falls from call to call, a day takes one call of it, a slot as many as terminals have it, and nothing else ties two
calls together: from the family to its turn, the day, the slot.
"""

from collections.abc import Iterator

import networkx

from app.roster.problem import Problem, Score
from app.roster.starts import Offer, offered
from app.roster.worth import Chosen, Worth

Edge = tuple[object, object, int, int]  # from, to, how many, what one is worth


def is_plain(offer: Offer) -> bool:
    pairs = [wish.request.pair for wish in offer.wishes]
    persons = [person for pair in pairs for person in pair]
    families = {wish.request.family_id for wish in offer.wishes}
    takes_one = all(pool.frame.until - pool.frame.opens == wish.hold for pool in offer.pools for wish in offer.wishes)
    return len(set(persons)) == 2 * len(pairs) and len(families) == len(pairs) and takes_one


def best_score(problem: Problem) -> Score:
    offer = offered(problem)
    assert is_plain(offer)
    worth = Worth(offer)
    wishes = 1 + sum(worth.wish(Chosen(n, option)) for n, wish in enumerate(offer.wishes) for option in wish.options)
    first = wishes * (1 + sum(gain for *_, gain in _edges(worth, 0, 1)))
    edges = list(_edges(worth, first, wishes))
    calls = sum(many for source, _to, many, _worth in edges if source == "all")
    network = networkx.DiGraph()
    network.add_node("all", demand=-calls)
    network.add_node("none", demand=calls)
    network.add_edge("all", "none", capacity=calls, weight=0)
    for source, to, many, gain in edges:
        network.add_edge(source, to, capacity=many, weight=-gain)
    cost, _flow = networkx.network_simplex(network)
    return Score(-cost // first, *divmod(-cost % first, wishes))


def _edges(worth: Worth, first: int, further: int) -> Iterator[Edge]:
    offer = worth.offer
    for place, wish in enumerate(offer.wishes):
        family, child = wish.request.family_id, wish.request.child_id
        for turn in worth.turns(family, len(wish.request_ids)):
            gain = further * worth.further(family, turn)
            if turn == 1:
                gain = first * worth.first[family]
            if turn == worth.turns(family, 1).start:
                gain += further * worth.child.get(child, 0)
            yield "all", (place, "turn", turn), 1, gain
            yield (place, "turn", turn), place, 1, 0
        for day in {offer.day(option.start) for option in wish.options}:
            yield place, (place, "day", day), 1, 0
        for option in wish.options:
            day = offer.day(option.start)
            yield (place, "day", day), ("pool", option.pool), 1, worth.wish(Chosen(place, option))
    for place, pool in enumerate(offer.pools):
        yield ("pool", place), "none", len(pool.terminal_ids), 0
