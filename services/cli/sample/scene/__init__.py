"""Photos as a phone would take them: what stands where, in which light, through which lens."""
