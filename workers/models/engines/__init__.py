"""What computes a network: ONNX Runtime or torch, on which device, and the way from the one to the other."""
