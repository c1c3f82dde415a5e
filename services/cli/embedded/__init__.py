"""The whole deployment on one machine, from embedded parts."""
