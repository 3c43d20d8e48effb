"""Time as data: a due row is work that falls due at an instant and survives every process.

`put` writes a row in the transaction of what caused it; a worker leases rows that are due, runs the handler of their
kind and marks them done. Two kinds of handler: a *step* works in the database only, and its effects commit together
with "done"; an *errand* speaks to the outside, keeps its own record of attempts, and is marked done afterwards.
A row whose worker dies is leased again; one that keeps failing is dead: kept, shown at the desk, revived by hand.
"""
