"""``python -m api``: the same as ``leye``."""

from api.cli import main

main()
