"""`spotter` as the next release would be: the same code, with the wire schema one version higher.

Run as a program: the version is raised before any module that knows it is imported.
"""

from __future__ import annotations

import sys

from spotter.core import contracts

contracts.SCHEMA_VERSION += 1

if __name__ == "__main__":
    from spotter.cli import main

    sys.exit(main())
