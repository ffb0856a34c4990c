"""``python -m bailiwick.sandbox``: the sandbox alone, for whoever wants to rehearse."""

import sys

from bailiwick.sandbox.program import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
