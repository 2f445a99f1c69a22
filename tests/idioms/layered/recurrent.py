import numpy as np

from .functional import sigmoid


class RnnCell:
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, x, h):
        self.x, self.h = x, h
        self.next = np.tanh(x @ self.Wx + h @ self.Wh + self.b)
        return self.next

    def backward(self, dnext):
        dz = dnext * (1 - self.next**2)
        self.db = dz.sum(axis=0)
        self.dWx = self.x.T @ dz
        self.dWh = self.h.T @ dz
        dx = dz @ self.Wx.T
        dh = dz @ self.Wh.T
        return dx, dh


class Rnn:
    """The cell through time."""

    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, xs):
        n, steps, _ = xs.shape
        size = self.Wh.shape[0]
        self.cells = []
        h = np.zeros((n, size))
        hs = np.zeros((n, steps, size))
        for t in range(steps):
            cell = RnnCell(self.Wx, self.Wh, self.b)
            h = cell.forward(xs[:, t], h)
            hs[:, t] = h
            self.cells.append(cell)
        return hs

    def backward(self, dhs):
        n, steps, size = dhs.shape
        self.dWx = np.zeros_like(self.Wx)
        self.dWh = np.zeros_like(self.Wh)
        self.db = np.zeros_like(self.b)
        dxs = np.zeros((n, steps, self.Wx.shape[0]))
        dh = np.zeros((n, size))
        for t in reversed(range(steps)):
            cell = self.cells[t]
            dx, dh = cell.backward(dhs[:, t] + dh)
            dxs[:, t] = dx
            self.dWx += cell.dWx
            self.dWh += cell.dWh
            self.db += cell.db
        return dxs


class LstmCell:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x, h, c):
        H = h.shape[1]
        self.c = c
        self.xh = np.concatenate([x, h], axis=1)
        a = self.xh @ self.W + self.b
        self.i = sigmoid(a[:, :H])
        self.f = sigmoid(a[:, H : 2 * H])
        self.o = sigmoid(a[:, 2 * H : 3 * H])
        self.u = np.tanh(a[:, 3 * H :])
        self.cn = self.f * c + self.i * self.u
        return self.o * np.tanh(self.cn)

    def backward(self, dh):
        t = np.tanh(self.cn)
        do = dh * t
        dc = dh * self.o * (1 - t**2)
        df = dc * self.c
        di = dc * self.u
        du = dc * self.i
        da = np.hstack([
            di * self.i * (1 - self.i),
            df * self.f * (1 - self.f),
            do * self.o * (1 - self.o),
            du * (1 - self.u**2),
        ])
        self.dW = self.xh.T @ da
        self.db = da.sum(axis=0)
        dxh = da @ self.W.T
        D = dxh.shape[1] - dh.shape[1]
        return dxh[:, :D], dxh[:, D:], dc * self.f
