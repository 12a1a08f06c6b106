"""Ring 2: ways through latent space."""
