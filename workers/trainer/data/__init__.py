"""Where labelled pictures come from, and how they become batches."""
