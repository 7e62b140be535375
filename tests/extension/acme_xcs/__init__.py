"""What another package adds to xcs."""
