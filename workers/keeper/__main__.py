"""`python -P -m workers.keeper`: start a keeper."""

from workers.keeper.app import main

main()
