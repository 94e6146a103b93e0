"""`python -m core` and `receptive`: the terminal."""

from core.terminal.studies import main

if __name__ == "__main__":
    main()
