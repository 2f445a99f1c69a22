"""torch.autograd.Function, and the context that its passes share."""

from typing import Any


class Context:
    """What `ctx` is."""

    def __init__(self) -> None:
        self.saved_tensors: Any = ()
        self.needs_input_grad: Any = (True,) * 64
        self.materialize = True

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Nothing that is kept."""

    def mark_dirty(self, *tensors: Any) -> None:
        raise NotImplementedError("mark_dirty: a pass that writes into its inputs is not read")

    def set_materialize_grads(self, value: Any) -> None:
        self.materialize = value


class Function:
    """A forward pass and a backward pass."""

    @classmethod
    def apply(cls: Any, *fed: Any) -> Any:
        ctx = Context()
        if hasattr(cls, "setup_context"):
            found = cls.forward(*fed)
            cls.setup_context(ctx, fed, found)
            return found
        return cls.forward(ctx, *fed)
