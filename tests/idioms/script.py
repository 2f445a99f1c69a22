# Both passes of a small net, one after the other.
import numpy as np

h1 = W1 @ x + b1
a1 = np.tanh(h1)
pred = W2 @ a1 + b2
diff = pred - y
loss = np.mean(diff**2)

dpred = 2 * diff / diff.size
dW2 = np.outer(dpred, a1)
db2 = dpred
da1 = W2.T @ dpred
dh1 = (1 - a1**2) * da1
dW1 = np.outer(dh1, x)
db1 = dh1
dx = W1.T @ dh1
