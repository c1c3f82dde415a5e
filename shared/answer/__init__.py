"""Answers: merging parts, joining products, finishing the job."""
