from backprop.cli.main import main

main()
