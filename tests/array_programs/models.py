"""Networks: layers, training steps, state."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import jax
import jax.flatten_util
import jax.numpy as jnp
from jax import lax

from tests.array_programs import normal, program

# --- Networks -------------------------------------------------------------------------------------


class Cache(NamedTuple):
    keys: jax.Array
    values: jax.Array
    length: jax.Array


def rms_norm(x, scale, eps=1e-6):
    return x * lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + eps) * scale


def rope(x, position):
    half = x.shape[-1] // 2
    angle = position / 10000 ** (jnp.arange(half) / half)
    first, second = x[..., :half], x[..., half:]
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    return jnp.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


def decoder_params(layers=2, width=8, heads=2, vocabulary=11):
    def layer(seed):
        return {
            "norm": jnp.ones(width),
            "qkv": normal(seed, 3, width, heads, width // heads) * 0.3,
            "out": normal(seed + 1, heads, width // heads, width) * 0.3,
            "up": normal(seed + 2, width, 2 * width) * 0.3,
            "down": normal(seed + 3, 2 * width, width) * 0.3,
        }

    return {"embed": normal(9, vocabulary, width), "layers": [layer(10 * i) for i in range(layers)]}


def decoder_args():
    cache = [Cache(jnp.zeros((6, 2, 4)), jnp.zeros((6, 2, 4)), jnp.int32(2)) for _ in range(2)]
    return decoder_params(), cache, jnp.int32(3)


@program(decoder_args, donate_argnums=1)
def decode_step(params, cache, token):
    x = params["embed"][token]
    new = []
    for layer, past in zip(params["layers"], cache, strict=True):
        h = rms_norm(x, layer["norm"])
        q, k, v = jnp.einsum("d,sdhk->shk", h, layer["qkv"])
        q, k = rope(q, past.length), rope(k, past.length)
        keys = lax.dynamic_update_slice(past.keys, k[None], (past.length, 0, 0))
        values = past.values.at[past.length].set(v)
        scores = jnp.einsum("hk,thk->ht", q, keys) / math.sqrt(q.shape[-1])
        mask = jnp.arange(keys.shape[0]) <= past.length
        weights = jax.nn.softmax(jnp.where(mask, scores, -jnp.inf), axis=-1)
        x = x + jnp.einsum("ht,thk,hkd->d", weights, values, layer["out"])
        x = x + jax.nn.silu(x @ layer["up"]) @ layer["down"]
        new.append(past._replace(keys=keys, values=values, length=past.length + 1))
    return jnp.argmax(x @ params["embed"].T), new


def conv(x, w, stride=1):
    return lax.conv_general_dilated(
        x, w, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def batch_norm(x, state, training, momentum=0.9):
    if training:
        mean, var = jnp.mean(x, (0, 1, 2)), jnp.var(x, (0, 1, 2))
        state = jax.tree.map(
            lambda old, new: momentum * old + (1 - momentum) * new, state, (mean, var)
        )
    else:
        mean, var = state
    return (x - mean) * lax.rsqrt(var + 1e-5), state


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class TrainState:
    params: dict[str, jax.Array]
    batch_stats: tuple[jax.Array, jax.Array]
    momentum: dict[str, jax.Array]
    step: jax.Array


def resnet_args():
    params = {
        "stem": normal(0, 3, 3, 3, 4),
        "a": normal(1, 3, 3, 4, 4),
        "b": normal(2, 3, 3, 4, 4),
        "head": normal(3, 4, 5),
    }
    state = TrainState(
        params, (jnp.zeros(4), jnp.ones(4)), jax.tree.map(jnp.zeros_like, params), jnp.int32(0)
    )
    return state, normal(4, 2, 8, 8, 3), jnp.array([1, 3])


@program(resnet_args, donate_argnames="state")
def resnet_train_step(state, images, labels):
    def loss_fn(params):
        x = jax.nn.relu(conv(images, params["stem"], 2))
        h, stats = batch_norm(x, state.batch_stats, training=True)
        h = conv(jax.nn.relu(h), params["a"])
        x = x + conv(jax.nn.relu(h), params["b"])
        logits = x.mean((1, 2)) @ params["head"]
        labels_hot = jax.nn.one_hot(labels, logits.shape[-1])
        loss = -jnp.mean(jnp.sum(labels_hot * jax.nn.log_softmax(logits), -1))
        return loss, (stats, logits)

    (loss, (stats, logits)), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    rate = 0.1 * jnp.minimum(1.0, (state.step + 1) / 10)
    momentum = jax.tree.map(lambda m, g: 0.9 * m + g, state.momentum, grads)
    params = jax.tree.map(lambda p, m: p - rate * m, state.params, momentum)
    accuracy = jnp.mean(jnp.argmax(logits, -1) == labels)
    new = dataclasses.replace(
        state, params=params, batch_stats=stats, momentum=momentum, step=state.step + 1
    )
    return new, {"loss": loss, "accuracy": accuracy}


def layer_norm(x, gain=1.0, bias=0.0):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5) * gain + bias


class MixerBlock:
    """A plain class: not a pytree, its parameters are attributes."""

    def __init__(self, seed, tokens, channels):
        self.token_mix = normal(seed, tokens, tokens) * 0.2
        self.channel_mix = normal(seed + 1, channels, channels) * 0.2
        self.gain = 1.5

    def __call__(self, x):
        x = x + jax.nn.gelu(self.token_mix @ layer_norm(x, self.gain))
        return x + jax.nn.gelu(layer_norm(x, self.gain) @ self.channel_mix)


class Mixer:
    def __init__(self):
        self.blocks = [MixerBlock(i, 4, 6) for i in range(2)]
        self.params = {"head": normal(8, 6, 2)}

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x.mean(-2) @ self.params["head"]

    def loss(self, x, y):
        return jnp.mean((jax.vmap(self.forward)(x) - y) ** 2)


mixer = Mixer()


@program(lambda: (normal(0, 2, 4, 6), normal(1, 2, 2)))
def mixer_of_plain_objects(x, y):
    return jax.value_and_grad(mixer.loss)(x, y)


@program(
    lambda: (
        {"w": normal(0, 5, 12) * 0.3, "u": normal(1, 3, 12) * 0.3, "b": jnp.zeros(12)},
        normal(2, 4, 7, 5),
    )
)
def lstm_last_state_and_gradient(params, sequences):
    def cell(carry, x):
        h, c = carry
        i, f, g, o = jnp.split(x @ params["w"] + h @ params["u"] + params["b"], 4, axis=-1)
        c = jax.nn.sigmoid(f + 1.0) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    def run(xs):
        zeros = jnp.zeros((xs.shape[0], 3))
        (h, _), hs = lax.scan(cell, (zeros, zeros), xs.swapaxes(0, 1))
        return jnp.sum(h**2), hs

    return jax.grad(run, has_aux=True)(sequences)


@program(
    lambda: ([normal(0, 4, 4), normal(1, 4, 4), normal(2, 4, 4)], normal(3, 6, 4)),
    static_argnames="unroll",
)
def gru_both_directions(weights, xs, unroll=2):
    wz, wr, wh = weights

    def cell(h, x):
        z, r = jax.nn.sigmoid(x + h @ wz), jax.nn.sigmoid(x - h @ wr)
        h = (1 - z) * h + z * jnp.tanh(x + (r * h) @ wh)
        return h, h

    start = jnp.zeros(4)
    _, forward = lax.scan(cell, start, xs, unroll=unroll)
    _, backward = lax.scan(cell, start, xs, reverse=True, unroll=unroll)
    return jnp.stack([forward, backward], -1)


@program(lambda: (normal(0, 8, 3), normal(1, 4), normal(2, 4, 3), normal(3, 3, 4)))
def state_space_layer(u, log_a, b, c):
    a = -jnp.exp(log_a) + 1j * jnp.arange(4)
    discrete = jnp.exp(a * 0.1)
    driven = (discrete - 1) / a * (u @ b.T)

    def combine(left, right):
        a_left, x_left = left
        a_right, x_right = right
        return a_left * a_right, a_right * x_left + x_right

    _, states = lax.associative_scan(combine, (jnp.broadcast_to(discrete, driven.shape), driven))
    return (states @ c.T.astype(states.dtype)).real
