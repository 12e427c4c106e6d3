"""Fine-tuning of the default model on keypoints of the user's own site (`spotter models train`). Needs torch."""
