"""Who: persons, families, their members, photos, and what a guardian allowed.

A person is a human being, in as many families as life put them. A member is that person in one family, with a role.
A consent is given per child, contact and kind, from an instant, until another or until it is revoked; a no_contact
between two persons beats every consent. Consent is asked at booking and again at joining and at playing.
"""
