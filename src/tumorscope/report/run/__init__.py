"""The page and the card of a trained model."""
