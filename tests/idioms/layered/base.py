"""What all layers have."""

from abc import ABC, abstractmethod


class Layer(ABC):
    training = True

    def __init__(self):
        self.params = {}
        self.grads = {}
        self.cache = None

    @abstractmethod
    def forward(self, x):
        raise NotImplementedError

    @abstractmethod
    def backward(self, dout):
        raise NotImplementedError

    def __call__(self, *inputs, **options):
        return self.forward(*inputs, **options)

    @property
    def name(self):
        return type(self).__name__

    def parameters(self):
        for key in self.params:
            yield key, self.params[key], self.grads.get(key)
