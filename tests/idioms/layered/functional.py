import numpy as np

EPS = 1e-5


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def softmax(z):
    shifted = z - np.max(z, axis=-1, keepdims=True)
    e = np.exp(shifted)
    return e / e.sum(axis=-1, keepdims=True)


def unfold(images, height, width, stride):
    """Every window of the images as a row."""
    count, channels, rows, columns = images.shape
    out_rows = (rows - height) // stride + 1
    out_columns = (columns - width) // stride + 1
    windows = np.zeros((count, channels, height, width, out_rows, out_columns))
    for i in range(height):
        for j in range(width):
            windows[:, :, i, j] = images[
                :, :, i : i + stride * out_rows : stride, j : j + stride * out_columns : stride
            ]
    return windows.transpose(0, 4, 5, 1, 2, 3).reshape(count * out_rows * out_columns, -1)


def fold(rows_of_windows, shape, height, width, stride):
    """The windows added up at their places: what unfold passes back."""
    count, channels, rows, columns = shape
    out_rows = (rows - height) // stride + 1
    out_columns = (columns - width) // stride + 1
    windows = rows_of_windows.reshape(count, out_rows, out_columns, channels, height, width)
    windows = windows.transpose(0, 3, 4, 5, 1, 2)
    images = np.zeros(shape)
    for i in range(height):
        for j in range(width):
            images[
                :, :, i : i + stride * out_rows : stride, j : j + stride * out_columns : stride
            ] += windows[:, :, i, j]
    return images
