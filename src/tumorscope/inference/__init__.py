"""Prediction from files with an artifact, by OpenVINO; never needs Keras or TensorFlow."""
