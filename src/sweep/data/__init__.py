"""From a folder of pictures to decoded, labelled and split arrays that every worker can map into memory."""
