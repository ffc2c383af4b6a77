"""The model artifact: the contract between training and prediction."""
