"""Accuracy of pose models on labelled images: readers of label files, OKS average precision, pictures of mistakes."""
