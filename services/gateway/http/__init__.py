"""Requests and answers as such: keys, bodies, problems, the contract, the server."""
