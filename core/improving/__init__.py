"""Forms of a program that keep more digits of its value and of its gradients."""
