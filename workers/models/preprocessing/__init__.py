"""From a picture of any kind to the pixels that a network sees."""
