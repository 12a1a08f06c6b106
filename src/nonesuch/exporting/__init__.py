"""Ring 5½: a run's nets as files that other programs run: ONNX and safetensors."""
