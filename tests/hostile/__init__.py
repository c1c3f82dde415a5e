"""What strangers send: hostile bytes, addresses, names and tenants, and that none of it does harm."""
