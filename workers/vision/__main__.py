"""`python -P -m workers.vision`: start a vision worker."""

from workers.vision.app import main

main()
