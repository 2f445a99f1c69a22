"""Nets in the style of a first course: Z1, A1, cache, parameters, examples in columns."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def propagate(W1, b1, W2, b2, X, Y):
    m = X.shape[1]
    parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = sigmoid(Z2)
    cache = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
    logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
    cost = -np.sum(logprobs) / m
    return cost, parameters, cache


def backpropagate(parameters, cache, X, Y):
    m = X.shape[1]
    W1 = parameters["W1"]
    W2 = parameters["W2"]
    A1 = cache["A1"]
    A2 = cache["A2"]
    dZ2 = A2 - Y
    dW2 = np.dot(dZ2, A1.T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(A1, 2))
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
    return grads


def deep_cost(W1, b1, W2, b2, W3, b3, X, Y, lambd=0.7):
    m = X.shape[1]
    Z1 = np.dot(W1, X) + b1
    A1 = np.maximum(0, Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = np.maximum(0, Z2)
    Z3 = np.dot(W3, A2) + b3
    A3 = sigmoid(Z3)
    cross = np.multiply(-np.log(A3), Y) + np.multiply(-np.log(1 - A3), 1 - Y)
    squares = np.sum(np.square(W1)) + np.sum(np.square(W2)) + np.sum(np.square(W3))
    cost = 1.0 / m * np.sum(cross) + lambd / (2 * m) * squares
    cache = (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3)
    return cost, cache


def deep_gradients(X, Y, cache, lambd=0.7):
    m = X.shape[1]
    (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3) = cache
    dZ3 = A3 - Y
    dW3 = 1.0 / m * np.dot(dZ3, A2.T) + lambd / m * W3
    db3 = 1.0 / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dZ3)
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2 = 1.0 / m * np.dot(dZ2, A1.T) + lambd / m * W2
    db2 = 1.0 / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = 1.0 / m * np.dot(dZ1, X.T) + lambd / m * W1
    db1 = 1.0 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"dZ3": dZ3, "dW3": dW3, "db3": db3, "dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1}


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def layered_cost(W1, b1, W2, b2, X, Y):
    m = X.shape[1]
    caches = []
    Z1 = W1.dot(X) + b1
    A1 = np.maximum(0, Z1)
    caches.append(((X, W1, b1), Z1))
    Z2 = W2.dot(A1) + b2
    AL = sigmoid(Z2)
    caches.append(((A1, W2, b2), Z2))
    cost = -(1 / m) * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    return cost, AL, caches


def layered_backward(AL, Y, caches):
    grads = {}
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    linear, Z = caches[1]
    s = sigmoid(Z)
    dZ = dAL * s * (1 - s)
    grads["dA1"], grads["dW2"], grads["db2"] = linear_backward(dZ, linear)
    linear, Z = caches[0]
    dZ = np.array(grads["dA1"], copy=True)
    dZ[Z <= 0] = 0
    grads["dA0"], grads["dW1"], grads["db1"] = linear_backward(dZ, linear)
    return grads


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def book_cost(w1, b1, w2, b2, x, y):
    weights, biases = [w1, w2], [b1, b2]
    activation = x
    for b, w in zip(biases, weights):
        activation = sigmoid(np.dot(w, activation) + b)
    return 0.5 * np.sum((activation - y) ** 2)


def book_backprop(w1, b1, w2, b2, x, y):
    weights, biases = [w1, w2], [b1, b2]
    nabla_b = [np.zeros(b.shape) for b in biases]
    nabla_w = [np.zeros(w.shape) for w in weights]
    activation = x
    activations = [x]
    zs = []
    for b, w in zip(biases, weights):
        z = np.dot(w, activation) + b
        zs.append(z)
        activation = sigmoid(z)
        activations.append(activation)
    delta = (activations[-1] - y) * sigmoid_prime(zs[-1])
    nabla_b[-1] = delta
    nabla_w[-1] = np.dot(delta, activations[-2].transpose())
    for k in range(2, 3):
        z = zs[-k]
        delta = np.dot(weights[-k + 1].transpose(), delta) * sigmoid_prime(z)
        nabla_b[-k] = delta
        nabla_w[-k] = np.dot(delta, activations[-k - 1].transpose())
    return nabla_w[0], nabla_b[0], nabla_w[1], nabla_b[1]
