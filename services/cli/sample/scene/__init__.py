"""Where products are pictured: in the studio, and by a phone wherever they lie."""
