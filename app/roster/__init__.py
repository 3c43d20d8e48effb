"""The fair roster of a village's week, and who waits for a slot.

A roster is drafted by a solver from what is known of a week (`problem.py`), edited by picking, undone, published; its
assignments then become calls. A wait is a family's wish for a slot that gets free. What a call is, this room does not
know: whoever publishes or offers joins the two (`app/desk`, `app/flows.py`).
"""
