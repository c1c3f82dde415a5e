"""What a header tells of an image, without decoding it."""
