"""Every screen and state of the three faces in one table: for a gallery, and for what holds on all of them."""
