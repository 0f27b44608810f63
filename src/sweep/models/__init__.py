"""From a configuration to a network, its preprocessing and its pretrained weights."""
