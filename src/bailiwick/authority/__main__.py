"""``python -m bailiwick.authority CONFIG``: the control process. ``bailiwick up`` starts it."""

import sys
from pathlib import Path

from bailiwick.authority.control import main

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
