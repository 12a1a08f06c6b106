"""`python -m nonesuch` is the command `nonesuch`."""

from nonesuch.cli.app import main

main()
