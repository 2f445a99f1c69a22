"""Three independent opinions on a gradient, and a verdict that never says more than they do."""
