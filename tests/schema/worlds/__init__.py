"""What each part adds to the small town of the tests."""
