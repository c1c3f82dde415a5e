"""The tusou command."""
