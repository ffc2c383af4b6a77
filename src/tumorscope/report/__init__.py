"""What people read: the page of a run and the card of a model."""
