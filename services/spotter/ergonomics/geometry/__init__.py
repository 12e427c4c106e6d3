"""What one camera can and cannot show."""
