"""The coordinator's desk: tonight's board, the ledger, and what needs a human. It reads across slices."""
