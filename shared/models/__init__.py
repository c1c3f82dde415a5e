"""The model registry: trained models as immutable versions in the object store."""
