"""What is wrong with a text, in words, with the likely fix. Loaded only when something is."""
