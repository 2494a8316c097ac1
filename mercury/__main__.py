"""`python -m mercury`: works also where another package owns the `mercury` command."""

import sys

from mercury.cli import main

sys.exit(main())
