"""Manifests: rows of products from CSV, TSV, JSONL and Parquet, streamed, with an error for every bad row."""
