"""What the calls have in common: what comes is judged and stored, jobs become answers."""
