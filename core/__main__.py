"""`python -m core` and `receptive`: the terminal."""

from core.terminal import main

if __name__ == "__main__":
    main()
