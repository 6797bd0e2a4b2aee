"""What the product keeps about people: declared once, and from there emptied, told and erased."""
