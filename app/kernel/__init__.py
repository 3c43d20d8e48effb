"""Words that every room shares: time, ids, errors, events, numbers, the doorbell. Nothing here knows a framework."""
