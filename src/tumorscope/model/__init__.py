"""The Keras side of a classifier: backbone, weights, head, export. Needs the extra ``train``."""
