"""A call between a parent far away and a child at the village's terminal: booked, rung, carried, and what came of it.

Words: a slot is an interval that is offered; a claim is the exclusive hold on one resource (`terminal:ID`,
`person:ID`) for one five-minute cell of UTC; a seat is one device's place in a call, with a lease that the heartbeat
renews. A call has two sides, `parent` and `village`. A side is *seated* when a device of it is connected to the call
(pre-warmed), *here* when a person touched "join" or "answer" on it.

States: proposed -> booked -> ringing -> live -> ended, with an outcome. `rules.py` decides about booking, `life.py`
about time; `booking.py`, `seats.py` and `timetable.py` are the use cases. Callers are the web's views and sockets, the
worker's due rows, and later the texts; none of them is known here. What follows from an event is said in `flows.py`.
"""
