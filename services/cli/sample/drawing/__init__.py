"""Drawing with light: outlines, masks, colours, materials."""
