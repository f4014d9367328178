"""PyTorch language models: training and extraction of their states."""
