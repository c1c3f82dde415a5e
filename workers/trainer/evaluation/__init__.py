"""How good a network is: figures, curves, and a page that shows them."""
