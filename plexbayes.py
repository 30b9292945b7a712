"""`python -m plexbayes` is the command `plexbayes`."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the working folder, which `-m` puts first
    from flows.cli.main import main

    main()
