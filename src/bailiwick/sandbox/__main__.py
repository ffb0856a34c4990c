"""``python -m bailiwick.sandbox``: the same as ``bailiwick sandbox``."""

import sys

from bailiwick.cli import main

if __name__ == "__main__":
    sys.exit(main(["sandbox", *sys.argv[1:]]))
