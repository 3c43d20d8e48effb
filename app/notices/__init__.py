"""Notices: who is told what and when, and every attempt to deliver it.

A notice is one thing to tell one person, the desk of a village or a bare number, planned with a key so that it exists
once. A delivery is that notice on one channel; an attempt is one call of one vendor for it, written down as "sending"
before it is made. One found in that state by the next worker is doubtful: a receipt settles it, its vendor is asked by
key where it can be, otherwise the policy of its kind decides. Notices know persons, not calls: `flows.py` says which
event plans which notice.
"""
