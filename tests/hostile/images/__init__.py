"""Image files as strangers send them, each module one way in which they are wrong; all made, none kept."""
