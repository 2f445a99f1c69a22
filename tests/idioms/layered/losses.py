import numpy as np

from .functional import softmax


class Loss:
    def __call__(self, y_pred, y):
        return self.loss(y_pred, y)


class MeanSquare(Loss):
    def loss(self, y_pred, y):
        return np.mean((y_pred - y) ** 2)

    def gradient(self, y_pred, y):
        return 2 * (y_pred - y) / y.size


class CrossEntropy(Loss):
    def forward(self, logits, labels):
        self.p = softmax(logits)
        self.labels = labels
        n = logits.shape[0]
        return -np.log(self.p[np.arange(n), labels]).mean()

    def backward(self):
        n = self.p.shape[0]
        dlogits = self.p.copy()
        dlogits[np.arange(n), self.labels] -= 1
        dlogits /= n
        return dlogits


class Hinge(Loss):
    def forward(self, scores, y):
        n = scores.shape[0]
        rows = np.arange(n)
        self.margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
        self.margins[rows, y] = 0
        self.y = y
        return self.margins.sum() / n

    def backward(self, dout=1.0):
        n = self.margins.shape[0]
        hits = (self.margins > 0).astype(float)
        hits[np.arange(n), self.y] = -hits.sum(axis=1)
        return dout * hits / n
