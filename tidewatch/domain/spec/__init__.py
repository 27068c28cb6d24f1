"""The model spec as text: read, explained, proposed, published."""
