"""What residents do: scan the plate on a house."""
