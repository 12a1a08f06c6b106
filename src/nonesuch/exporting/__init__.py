"""Ring 6: a run's nets as files that other programs run: ONNX and safetensors."""
