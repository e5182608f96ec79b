"""Resolve the dependencies of ``pyproject.toml`` into ``requirements/``.

The files hold names, versions and hashes and no addresses, and serve every Python and platform
that the project supports.
"""

import subprocess
import sys

COMMON = [
    sys.executable, "-m", "uv", "pip", "compile", "--no-config", "--universal",
    "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header",
    "--no-emit-index-url", "--no-emit-find-links", "--quiet", *sys.argv[1:],
]  # fmt: skip

OURS = [*COMMON, "pyproject.toml"]
subprocess.run([*OURS, "--group", "build", "-o", "requirements/runtime.txt"], check=True)
DEV = ["--group", "build", "--group", "dev", "-c", "requirements/runtime.txt"]
subprocess.run([*OURS, *DEV, "-o", "requirements/dev.txt"], check=True)
SERVER = ["--group", "s3-server", "-o", "requirements/s3-server.txt"]
subprocess.run([*COMMON, *SERVER], check=True)
