"""What landlords do: put up rooms."""
