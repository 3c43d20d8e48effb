"""Voice messages: recorded, uploaded in pieces, kept encrypted, delivered when it is right, heard.

An upload grows piece by piece (tus 1.0) into a blob; a complete one is looked at by the worker and becomes a message of
its family's thread, ready or refused. A ready message is due at once or at its hour, sealed until then, and withdrawn
by its sender for as long as nobody has heard it. A hearing is written down once for each device and message.
Consent of kind `message` is asked when it is sent and again when it is played. Calls and notices know nothing of it.
"""
