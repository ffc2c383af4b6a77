"""Run the command line as ``python -m tumorscope``."""

from tumorscope.cli.main import main

main()
