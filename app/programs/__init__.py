"""The programs that run: web, worker, the supervisor that keeps them running, and the check of what they need."""
