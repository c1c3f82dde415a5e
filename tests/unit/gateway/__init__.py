"""Parts of the gateway that need neither a database nor a request."""
