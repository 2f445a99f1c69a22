"""python -m backprop is the command."""

from backprop.cli.main import main

main()
