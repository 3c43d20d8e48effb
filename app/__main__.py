"""`python3 -m app` is `homethread`, also where nothing is installed yet."""

import sys

from app.programs import environment

if __name__ == "__main__":
    environment.go_there(sys.argv[1:])
    from app.cli import main

    sys.exit(main())
