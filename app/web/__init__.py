"""How anybody gets in and what every page, request and socket shares.

Principals and who may call what, idempotent commands, the error table, texts, pages and assets, Socket.IO, hints to
browsers, health. It knows no family and no call: the rooms above bring their own views and sockets.
"""
