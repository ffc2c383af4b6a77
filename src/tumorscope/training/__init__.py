"""Training with Keras and tf.data. Needs the extra ``train``."""
