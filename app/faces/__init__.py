"""What a device needs for its first screen, in one answer: `GET /api/now` for phone, terminal and desk.

It reads across slices and decides nothing. A terminal's answer names only what its idle screen and the families'
own pages need.
"""
