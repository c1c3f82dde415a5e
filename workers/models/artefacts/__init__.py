"""A trained model as files: its card, its parameters, its ONNX file."""
