"""Who is told what when something happened, each once and in their own zone and language. `flows.py` says after what.

A notice is keyed by what it is about and whom it tells, so that an event that is followed twice tells nobody twice.
What is told is decided from the call as it stands; the words are `notices.templates`.
"""
