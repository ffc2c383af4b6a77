"""Arrays in, numbers and figures out. Nothing here ever sees a model."""
