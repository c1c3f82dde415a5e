"""What must hold while processes and servers die, freeze and come back."""
