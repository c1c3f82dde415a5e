"""`python -P -m workers.indexer`: start an index worker."""

from workers.indexer.app import main

main()
