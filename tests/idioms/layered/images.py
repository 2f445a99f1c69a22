import numpy as np

from .base import Layer
from .functional import fold, unfold


class Conv(Layer):
    def __init__(self, W, b, stride=1):
        super().__init__()
        self.W, self.b, self.stride = W, b, stride

    def forward(self, x):
        filters, _, height, width = self.W.shape
        n, _, rows, columns = x.shape
        self.shape = x.shape
        self.col = unfold(x, height, width, self.stride)
        out = self.col @ self.W.reshape(filters, -1).T + self.b
        out_rows = (rows - height) // self.stride + 1
        out_columns = (columns - width) // self.stride + 1
        return out.reshape(n, out_rows, out_columns, filters).transpose(0, 3, 1, 2)

    def backward(self, dout):
        filters, _, height, width = self.W.shape
        flat = dout.transpose(0, 2, 3, 1).reshape(-1, filters)
        self.db = flat.sum(axis=0)
        self.dW = (flat.T @ self.col).reshape(self.W.shape)
        dcol = flat @ self.W.reshape(filters, -1)
        return fold(dcol, self.shape, height, width, self.stride)


class MaxPool(Layer):
    def __init__(self, size=2):
        super().__init__()
        self.size = size

    def forward(self, x):
        n, c, rows, columns = x.shape
        s = self.size
        self.x = x
        windows = x.reshape(n, c, rows // s, s, columns // s, s)
        self.out = windows.max(axis=(3, 5))
        return self.out

    def backward(self, dout):
        n, c, rows, columns = self.x.shape
        s = self.size
        dx = np.zeros_like(self.x)
        for i in range(rows // s):
            for j in range(columns // s):
                window = self.x[:, :, i * s : (i + 1) * s, j * s : (j + 1) * s]
                top = window == self.out[:, :, i, j][:, :, None, None]
                dx[:, :, i * s : (i + 1) * s, j * s : (j + 1) * s] += (
                    top * dout[:, :, i, j][:, :, None, None]
                )
        return dx
