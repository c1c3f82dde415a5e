"""torchvision's networks as they were published, whole: to be served, or exported to ONNX."""
