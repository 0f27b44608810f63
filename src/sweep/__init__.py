"""From a folder of pictures to the best small classifier, with every trial on record."""
