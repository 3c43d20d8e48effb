"""Notices: who is told what and when, and every attempt to deliver it.

A notice is one thing to tell one person, planned with a key so that it exists once. A delivery is that notice on one
channel: waiting -> sending -> sent -> delivered, failed or unknown. "sending" is written before the vendor is called;
a delivery found in that state by the next worker is doubtful: the vendor is asked by key where it can be, otherwise
the policy of its kind decides. Notices know persons, not calls: `flows.py` says which event plans which notice.
"""
