"""The quality gate against real photos, as they are and damaged as a phone damages them."""
