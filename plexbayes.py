"""`python -m plexbayes` is the command `plexbayes`."""

from flows.cli.main import main

if __name__ == "__main__":
    main()
