"""A deep-learning studio: from a folder of pictures to a trained net you can look into."""
