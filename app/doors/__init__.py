"""How people get in, and nobody else: codes by text, invitations, picture PINs at a terminal, pairing, passwords.

A door opens into a device session of `web`; who belongs where is the families' and villages' business, and what was
done by whom is kept by the desk's audit. Every secret is stored as a hash, keyed with the server's own secret where it
is short enough to be guessed.
"""
