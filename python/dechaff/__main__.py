"""The command `dechaff`."""

import sys

from dechaff import _dechaff


def main() -> None:
    """Runs the command with the arguments of the process, and ends the process with its exit code."""
    sys.exit(_dechaff.run_command(["dechaff", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
