"""The second front door: a text comes in, once, and becomes the same service call as the web's, or a family's message.

Only numbers confirmed by code speak for a person. What a digit means is decided by what was said to that number before.
Notices carry the answers out; which calls there are and what may be done with them is decided by `calls`.
"""
