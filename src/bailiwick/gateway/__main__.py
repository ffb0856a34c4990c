"""``python -m bailiwick.gateway CONFIG``: the gateway process. ``bailiwick up`` starts it."""

import sys
from pathlib import Path

from bailiwick.gateway.process import main

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
