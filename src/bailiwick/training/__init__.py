"""Training and trying out what is learned, on files that the user brings. Nothing of it runs beside an order."""
