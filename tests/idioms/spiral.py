# A net with one hidden layer: a step down the slope.
import numpy as np

N = X.shape[0]
hidden = np.maximum(0, X @ W + b)
scores = hidden @ V + c
exp_scores = np.exp(scores)
probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
loss = -np.log(probs[np.arange(N), y]).sum() / N

dscores = probs.copy()
dscores[np.arange(N), y] -= 1
dscores /= N
dV = hidden.T @ dscores
dc = dscores.sum(axis=0)
dhidden = dscores @ V.T
dhidden[hidden <= 0] = 0
dW = X.T @ dhidden
db = dhidden.sum(axis=0)
