"""A small net in torch spelling, taken apart into single steps, and each step back."""

import torch


def steps(C, W1, b1, gain, bias, W2, b2, Xb, Yb):
    n = Xb.shape[0]
    emb = C[Xb]
    flat = emb.view(n, -1)
    pre = flat @ W1 + b1
    centre = 1 / n * pre.sum(0, keepdim=True)
    off = pre - centre
    squares = off**2
    spread = 1 / (n - 1) * squares.sum(0, keepdim=True)
    inv_std = (spread + 1e-5) ** -0.5
    normal = off * inv_std
    act = gain * normal + bias
    h = torch.tanh(act)
    logits = h @ W2 + b2
    peaks = logits.max(1, keepdim=True).values
    lowered = logits - peaks
    counts = lowered.exp()
    total = counts.sum(1, keepdim=True)
    inv_total = total**-1
    probs = counts * inv_total
    logprobs = probs.log()
    loss = -logprobs[range(n), Yb].mean()

    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[range(n), Yb] = -1.0 / n
    dprobs = (1.0 / probs) * dlogprobs
    dinv_total = (counts * dprobs).sum(1, keepdim=True)
    dcounts = inv_total * dprobs
    dtotal = (-(total**-2)) * dinv_total
    dcounts += torch.ones_like(counts) * dtotal
    dlowered = counts * dcounts
    dlogits = dlowered.clone()
    dh = dlogits @ W2.T
    dW2 = h.T @ dlogits
    db2 = dlogits.sum(0)
    dact = (1.0 - h**2) * dh
    dgain = (normal * dact).sum(0, keepdim=True)
    dnormal = gain * dact
    dbias = dact.sum(0, keepdim=True)
    doff = inv_std * dnormal
    dinv_std = (off * dnormal).sum(0, keepdim=True)
    dspread = (-0.5 * (spread + 1e-5) ** -1.5) * dinv_std
    dsquares = (1.0 / (n - 1)) * torch.ones_like(squares) * dspread
    doff += (2 * off) * dsquares
    dpre = doff.clone()
    dcentre = (-doff).sum(0)
    dpre += 1.0 / n * (torch.ones_like(pre) * dcentre)
    dflat = dpre @ W1.T
    dW1 = flat.T @ dpre
    db1 = dpre.sum(0)
    demb = dflat.view(emb.shape)
    dC = torch.zeros_like(C)
    for k in range(Xb.shape[0]):
        for j in range(Xb.shape[1]):
            ix = Xb[k, j]
            dC[ix] += demb[k, j]
    return loss, dC, dW1, db1, dgain, dbias, dW2, db2
