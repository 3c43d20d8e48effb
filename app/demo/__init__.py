"""A village to try everything with: seeded families, faces drawn here, simulated phones. Used by the demo alone."""
