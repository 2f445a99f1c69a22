"""The backward pass in words: what every stage does, what it means, and what is striking."""
