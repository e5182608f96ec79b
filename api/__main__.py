"""``python -m api``: the same as ``leye``."""

from api.cli import main

if __name__ == "__main__":  # a pool's process imports this module too
    main()
