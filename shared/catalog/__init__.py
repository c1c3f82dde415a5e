"""Products: values, manifests, rows."""
