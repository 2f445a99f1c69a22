"""Words: embeddings, negative samples, attention; and a policy."""

import numpy as np


def embedding_forward(ids, W):
    out = W[ids, :]
    return out, (ids, W.shape)


def embedding_backward(dout, cache):
    ids, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, ids, dout)
    return dW


def lookup(table, ids):
    return np.tanh(table[ids])


def lookup_backward(table, ids, dout):
    dpre = dout * (1 - np.tanh(table[ids]) ** 2)
    dtable = np.zeros_like(table)
    for i in range(len(ids)):
        dtable[ids[i]] += dpre[i]
    return dtable


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def negative_sampling(center, outside, target, negatives):
    loss = -np.log(sigmoid(outside[target].dot(center)))
    for k in negatives:
        loss -= np.log(sigmoid(-outside[k].dot(center)))
    return loss


def negative_sampling_gradient(center, outside, target, negatives):
    grad_center = np.zeros_like(center)
    grad_outside = np.zeros_like(outside)
    z = sigmoid(outside[target].dot(center))
    grad_center += (z - 1) * outside[target]
    grad_outside[target] += (z - 1) * center
    for k in negatives:
        z = sigmoid(outside[k].dot(center))
        grad_center += z * outside[k]
        grad_outside[k] += z * center
    return grad_center, grad_outside


def naive_softmax(center, outside, target):
    scores = outside @ center
    scores = scores - np.max(scores)
    y_hat = np.exp(scores) / np.sum(np.exp(scores))
    loss = -np.log(y_hat[target])
    delta = y_hat.copy()
    delta[target] -= 1
    grad_center = outside.T @ delta
    grad_outside = np.outer(delta, center)
    return loss, grad_center, grad_outside


def softmax_rows(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention_forward(X, Wq, Wk, Wv):
    d = Wq.shape[1]
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    S = Q @ K.T / np.sqrt(d)
    A = softmax_rows(S)
    out = A @ V
    cache = {"Q": Q, "K": K, "V": V, "A": A}
    return out, cache


def attention_backward(dout, cache, X, Wq, Wk, Wv):
    Q, K, V, A = cache["Q"], cache["K"], cache["V"], cache["A"]
    d = Q.shape[1]
    dV = A.T @ dout
    dA = dout @ V.T
    dS = A * (dA - (dA * A).sum(axis=-1, keepdims=True))
    dS = dS / np.sqrt(d)
    dQ = dS @ K
    dK = dS.T @ Q
    dWq = X.T @ dQ
    dWk = X.T @ dK
    dWv = X.T @ dV
    dX = dQ @ Wq.T + dK @ Wk.T + dV @ Wv.T
    return dX, dWq, dWk, dWv


def policy_loss(W1, W2, states, actions, advantages):
    h = states @ W1.T
    h[h < 0] = 0
    logp = h @ W2
    p = 1.0 / (1.0 + np.exp(-logp))
    loss = -np.sum(advantages * (actions * np.log(p) + (1 - actions) * np.log(1 - p)))
    return loss, (h, p)


def policy_backward(kept, W2, states, actions, advantages):
    h, p = kept
    dlogp = -(actions - p)
    dlogp *= advantages
    dW2 = np.dot(h.T, dlogp).ravel()
    dh = np.outer(dlogp, W2)
    dh[h <= 0] = 0
    dW1 = np.dot(dh.T, states)
    return {"W1": dW1, "W2": dW2}


def reinforce(theta, features, chosen, rewards, gamma=0.9):
    T = len(rewards)
    returns = np.zeros(T)
    running = 0.0
    for t in reversed(range(T)):
        running = rewards[t] + gamma * running
        returns[t] = running
    objective = 0.0
    grad = np.zeros_like(theta)
    for t in range(T):
        prefs = features[t].dot(theta)
        pi = np.exp(prefs) / np.exp(prefs).sum()
        objective += returns[t] * np.log(pi[chosen[t]])
        onehot = np.zeros(len(pi))
        onehot[chosen[t]] = 1
        grad += returns[t] * np.outer(features[t], onehot - pi)
    return objective, grad
