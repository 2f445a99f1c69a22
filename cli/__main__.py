"""python -m backprop.cli is the command."""

from backprop.cli.main import main

main()
