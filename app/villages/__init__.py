"""Where: villages, their shared terminals, weekly opening hours, closures, and recorded prompts.

A village has a zone, a language, a grid of slot minutes and a change-over buffer after each call. An opening is a
weekly interval of wall time, a closure an interval of instants with a reason. A terminal is in one village for ever;
it retires rather than moves.
"""
