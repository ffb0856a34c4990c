"""``python -m bailiwick.cli``: the same as ``bailiwick``."""

import sys

from bailiwick.cli import main

if __name__ == "__main__":
    sys.exit(main())
