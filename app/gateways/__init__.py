"""One small file per vendor or outside part, each implementing a port of a slice and knowing nothing else of it."""
