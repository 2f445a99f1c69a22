"""Recurrent cells, one step and through time."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    cache = (x, prev_h, Wx, Wh, next_h)
    return next_h, cache


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dz = dnext_h * (1 - next_h**2)
    dx = dz.dot(Wx.T)
    dprev_h = dz.dot(Wh.T)
    dWx = x.T.dot(dz)
    dWh = prev_h.T.dot(dz)
    db = dz.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    prev_h = h0
    cache = []
    for t in range(T):
        prev_h, step = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        h[:, t, :] = prev_h
        cache.append(step)
    return h, cache


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    dprev = np.zeros((N, H))
    for t in reversed(range(T)):
        dcur = dh[:, t, :] + dprev
        dx[:, t, :], dprev, dWx_t, dWh_t, db_t = rnn_step_backward(dcur, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    dh0 = dprev
    return dx, dh0, dWx, dWh, db


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    i = sigmoid(a[:, :H])
    f = sigmoid(a[:, H : 2 * H])
    o = sigmoid(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    tanh_c = np.tanh(next_c)
    next_h = o * tanh_c
    return next_h, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c)


def lstm_step_backward(dnext_h, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c = cache
    do = dnext_h * tanh_c
    dc = dnext_h * o * (1 - tanh_c**2)
    df = dc * prev_c
    di = dc * g
    dg = dc * i
    dprev_c = dc * f
    dai = di * i * (1 - i)
    daf = df * f * (1 - f)
    dao = do * o * (1 - o)
    dag = dg * (1 - g**2)
    da = np.hstack((dai, daf, dao, dag))
    dx = da.dot(Wx.T)
    dWx = x.T.dot(da)
    dprev_h = da.dot(Wh.T)
    dWh = prev_h.T.dot(da)
    db = np.sum(da, axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    H = h0.shape[1]
    hs, cs, gates = {-1: h0}, {-1: np.zeros((N, H))}, {}
    out = np.zeros((N, T, H))
    for t in range(T):
        a = x[:, t].dot(Wx) + hs[t - 1].dot(Wh) + b
        i, f = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H])
        o, g = sigmoid(a[:, 2 * H : 3 * H]), np.tanh(a[:, 3 * H :])
        cs[t] = f * cs[t - 1] + i * g
        hs[t] = o * np.tanh(cs[t])
        gates[t] = (i, f, o, g)
        out[:, t] = hs[t]
    return out, (hs, cs, gates)


def lstm_backward(dout, cache, x, Wx, Wh):
    hs, cs, gates = cache
    N, T, H = dout.shape
    dx = np.zeros_like(x)
    dWx = np.zeros_like(Wx)
    dWh = np.zeros_like(Wh)
    db = np.zeros(4 * H)
    dhnext = np.zeros((N, H))
    dcnext = np.zeros((N, H))
    for t in reversed(range(T)):
        i, f, o, g = gates[t]
        tc = np.tanh(cs[t])
        dh = dout[:, t] + dhnext
        dc = dcnext + dh * o * (1 - tc**2)
        da = np.zeros((N, 4 * H))
        da[:, :H] = dc * g * i * (1 - i)
        da[:, H : 2 * H] = dc * cs[t - 1] * f * (1 - f)
        da[:, 2 * H : 3 * H] = dh * tc * o * (1 - o)
        da[:, 3 * H :] = dc * i * (1 - g * g)
        dcnext = dc * f
        dx[:, t] = da.dot(Wx.T)
        dWx += x[:, t].T.dot(da)
        dWh += hs[t - 1].T.dot(da)
        db += da.sum(axis=0)
        dhnext = da.dot(Wh.T)
    dh0 = dhnext
    return dx, dh0, dWx, dWh, db


def gru_forward(x, h, Wz, Wr, Wc, Uz, Ur, Uc):
    z = sigmoid(x @ Wz + h @ Uz)
    r = sigmoid(x @ Wr + h @ Ur)
    c = np.tanh(x @ Wc + (r * h) @ Uc)
    h_next = (1 - z) * h + z * c
    return h_next, (z, r, c)


def gru_backward(dh_next, cache, x, h, Wz, Wr, Wc, Uz, Ur, Uc):
    z, r, c = cache
    dz = dh_next * (c - h)
    dc = dh_next * z
    dh = dh_next * (1 - z)
    dc_raw = dc * (1 - c * c)
    drh = dc_raw @ Uc.T
    dr = drh * h
    dh += drh * r
    dz_raw = dz * z * (1 - z)
    dr_raw = dr * r * (1 - r)
    dh += dz_raw @ Uz.T
    dh += dr_raw @ Ur.T
    dx = dz_raw @ Wz.T + dr_raw @ Wr.T + dc_raw @ Wc.T
    grads = {
        "Wz": x.T @ dz_raw,
        "Wr": x.T @ dr_raw,
        "Wc": x.T @ dc_raw,
        "Uz": h.T @ dz_raw,
        "Ur": h.T @ dr_raw,
        "Uc": (r * h).T @ dc_raw,
    }
    grads["x"] = dx
    grads["h"] = dh
    return grads


def char_loss(Win, Wrec, Wout, brec, bout, letters, following, hstart):
    vocab = Wout.shape[0]
    seen, hs, raw, prob = {}, {}, {}, {}
    hs[-1] = np.copy(hstart)
    loss = 0
    for t in range(len(letters)):
        seen[t] = np.zeros((vocab, 1))
        seen[t][letters[t]] = 1
        hs[t] = np.tanh(np.dot(Win, seen[t]) + np.dot(Wrec, hs[t - 1]) + brec)
        raw[t] = np.dot(Wout, hs[t]) + bout
        prob[t] = np.exp(raw[t]) / np.sum(np.exp(raw[t]))
        loss += -np.log(prob[t][following[t], 0])
    dWin, dWrec, dWout = np.zeros_like(Win), np.zeros_like(Wrec), np.zeros_like(Wout)
    dbrec, dbout = np.zeros_like(brec), np.zeros_like(bout)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(letters))):
        dy = np.copy(prob[t])
        dy[following[t]] -= 1
        dWout += np.dot(dy, hs[t].T)
        dbout += dy
        dh = np.dot(Wout.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbrec += dhraw
        dWin += np.dot(dhraw, seen[t].T)
        dWrec += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Wrec.T, dhraw)
    return loss, dWin, dWrec, dWout, dbrec, dbout
