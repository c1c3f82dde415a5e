"""The steps of an erasure, each done by any keeper, and again by the next one where it was cut short."""
