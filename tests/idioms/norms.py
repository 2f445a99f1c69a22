"""Normalisation: batches in small steps and in closed forms, rows, groups of channels."""

import numpy as np


def batchnorm_staged(x, gamma, beta, eps=1e-5):
    N, D = x.shape
    mu = 1.0 / N * np.sum(x, axis=0)
    centred = x - mu
    squares = centred**2
    var = 1.0 / N * np.sum(squares, axis=0)
    spread = np.sqrt(var + eps)
    inverse = 1.0 / spread
    xhat = centred * inverse
    scaled = gamma * xhat
    out = scaled + beta
    cache = (xhat, gamma, centred, inverse, spread, var, eps)
    return out, cache


def batchnorm_staged_back(dout, cache):
    xhat, gamma, centred, inverse, spread, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dscaled = dout
    dgamma = np.sum(dscaled * xhat, axis=0)
    dxhat = dscaled * gamma
    dinverse = np.sum(dxhat * centred, axis=0)
    dcentred_a = dxhat * inverse
    dspread = -1.0 / (spread**2) * dinverse
    dvar = 0.5 * 1.0 / np.sqrt(var + eps) * dspread
    dsquares = 1.0 / N * np.ones((N, D)) * dvar
    dcentred_b = 2 * centred * dsquares
    dx_direct = dcentred_a + dcentred_b
    dmu = -1 * np.sum(dcentred_a + dcentred_b, axis=0)
    dx_mean = 1.0 / N * np.ones((N, D)) * dmu
    dx = dx_direct + dx_mean
    return dx, dgamma, dbeta


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    x_norm = (x - mean) / np.sqrt(var + eps)
    out = gamma * x_norm + beta
    return out, (x, x_norm, mean, var, gamma, eps)


def batchnorm_short_back(dout, cache):
    x, x_norm, mean, var, gamma, eps = cache
    N = x.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_norm).sum(axis=0)
    dx = (gamma / np.sqrt(var + eps) / N) * (N * dout - dbeta - x_norm * dgamma)
    return dx, dgamma, dbeta


def batchnorm_paper_back(dout, cache):
    x, x_norm, mean, var, gamma, eps = cache
    m = x.shape[0]
    std_inv = 1.0 / np.sqrt(var + eps)
    dx_norm = dout * gamma
    dvar = np.sum(dx_norm * (x - mean), axis=0) * -0.5 * std_inv**3
    dmean = np.sum(dx_norm * -std_inv, axis=0) + dvar * np.mean(-2.0 * (x - mean), axis=0)
    dx = dx_norm * std_inv + dvar * 2 * (x - mean) / m + dmean / m
    dgamma = np.sum(dout * x_norm, axis=0)
    dbeta = np.sum(dout, axis=0)
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = np.mean(x, axis=1, keepdims=True)
    sigma = np.sqrt(np.var(x, axis=1, keepdims=True) + eps)
    xhat = (x - mu) / sigma
    out = gamma * xhat + beta
    cache = {"xhat": xhat, "sigma": sigma, "gamma": gamma}
    return out, cache


def layernorm_backward(dout, cache):
    xhat, sigma, gamma = cache["xhat"], cache["sigma"], cache["gamma"]
    D = dout.shape[1]
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout * gamma
    inner = np.sum(dxhat * xhat, axis=1, keepdims=True)
    dx = (D * dxhat - np.sum(dxhat, axis=1, keepdims=True) - xhat * inner) / (D * sigma)
    return dx, dgamma, dbeta


def groupnorm_forward(x, gamma, beta, G=2, eps=1e-5):
    N, C, H, W = x.shape
    grouped = x.reshape(N, G, C // G, H, W)
    mean = grouped.mean(axis=(2, 3, 4), keepdims=True)
    var = grouped.var(axis=(2, 3, 4), keepdims=True)
    xhat = ((grouped - mean) / np.sqrt(var + eps)).reshape(N, C, H, W)
    out = gamma * xhat + beta
    return out, (G, xhat, var, eps, gamma)


def groupnorm_backward(dout, cache):
    G, xhat, var, eps, gamma = cache
    N, C, H, W = dout.shape
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dgamma = (dout * xhat).sum(axis=(0, 2, 3), keepdims=True)
    dxhat = (dout * gamma).reshape(N, G, C // G, H, W)
    xg = xhat.reshape(N, G, C // G, H, W)
    M = C // G * H * W
    s1 = dxhat.sum(axis=(2, 3, 4), keepdims=True)
    s2 = (dxhat * xg).sum(axis=(2, 3, 4), keepdims=True)
    dx = (dxhat - s1 / M - xg * s2 / M) / np.sqrt(var + eps)
    dx = dx.reshape(N, C, H, W)
    return dx, dgamma, dbeta
