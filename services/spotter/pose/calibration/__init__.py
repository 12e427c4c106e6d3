"""What a model's confidence is worth: fitted on labelled images, kept beside the model, applied to what it finds."""
