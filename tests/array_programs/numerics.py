"""Simulation, signals, geometry, numbers of all kinds."""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.ad_checkpoint import checkpoint_name
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

from tests.array_programs import normal, program


@program(lambda: (jnp.array([1.0, 0.0]), jnp.float32(0.0), jnp.float32(1.0)), static_argnames="tol")
def runge_kutta_with_steps_as_needed(y, t0, t1, tol=1e-3):
    def f(t, y):
        return jnp.array([y[1], -y[0] - 0.1 * t])

    def step(t, y, h):
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + 3 * h / 4, y + 3 * h / 4 * k2)
        new = y + h * (2 * k1 + 3 * k2 + 4 * k3) / 9
        k4 = f(t + h, new)
        return new, jnp.abs(h * (-5 * k1 / 72 + k2 / 12 + k3 / 9 - k4 / 8)).max()

    def body(state):
        t, y, h, n = state
        h = jnp.minimum(h, t1 - t)
        new, error = step(t, y, h)
        ok = error < tol
        factor = jnp.clip(0.9 * (tol / jnp.maximum(error, 1e-12)) ** (1 / 3), 0.2, 5.0)
        return jnp.where(ok, t + h, t), jnp.where(ok, new, y), h * factor, n + 1

    return lax.while_loop(lambda s: s[0] < t1, body, (t0, y, 0.1, 0))


@program(lambda: (normal(0, 3, 4), normal(1, 4, 4)), static_argnums=())
def remat_policies(x, w):
    def block(x, w):
        x = checkpoint_name(jnp.sin(x @ w), "hidden")
        return jnp.cos(x @ w)

    policies = jax.checkpoint_policies

    def loss(w, policy):
        y = jax.checkpoint(block, policy=policy)(x, w)
        y = jax.checkpoint(block, policy=policy, prevent_cse=False)(y, w)
        return jnp.sum(y**2)

    grad = jax.grad(loss)
    return (
        grad(w, None),
        grad(w, policies.dots_saveable),
        grad(w, policies.save_only_these_names("hidden")),
        grad(w, policies.nothing_saveable),
        jax.jvp(
            jax.grad(functools.partial(loss, policy=policies.dots_with_no_batch_dims_saveable)),
            (w,),
            (w,),
        ),
    )


@program(
    lambda: ({"w": normal(0, 3, 2), "b": jnp.zeros(2)}, normal(1, 5, 3), jnp.arange(5) % 2, 1.0)
)
def private_gradients(params, xs, ys, clip):
    def loss(params, x, y):
        logits = x @ params["w"] + params["b"]
        return -jax.nn.log_softmax(logits)[y]

    grads = jax.vmap(jax.grad(loss), in_axes=(None, 0, 0))(params, xs, ys)
    norms = jnp.sqrt(sum(jnp.sum(g.reshape(len(xs), -1) ** 2, 1) for g in jax.tree.leaves(grads)))
    scale = jnp.minimum(1.0, clip / norms)
    return jax.tree.map(lambda g: jnp.tensordot(scale, g, 1), grads), norms


@program(
    lambda: (
        normal(0, 4, 3),
        jnp.array([0, 1, 2, 3, 0]),
        jnp.array([1, 2, 3, 0, 2]),
        [normal(i, 6, 3) for i in (1, 2)],
    )
)
def graph_network(nodes, senders, receivers, weights):
    for w in weights:
        messages = jnp.tanh(jnp.concatenate([nodes[senders], nodes[receivers]], -1) @ w)
        logits = jnp.sum(messages, -1)
        biggest = jax.ops.segment_max(logits, receivers, 4)
        e = jnp.exp(logits - biggest[receivers])
        attention = e / jax.ops.segment_sum(e, receivers, 4)[receivers]
        nodes = nodes + jax.ops.segment_sum(
            attention[:, None] * messages, receivers, num_segments=4
        )
        degree = jnp.zeros(4, int).at[receivers].add(1)
        nodes = nodes / jnp.where(degree == 0, 1, degree)[:, None]
    return nodes, degree, jnp.bincount(senders, length=4)


@program(lambda: (normal(0, 32),))
def spectral_analysis(signal):
    window = 0.5 - 0.5 * jnp.cos(2 * jnp.pi * jnp.arange(16) / 16)
    frames = jnp.stack([signal[i : i + 16] for i in range(0, 17, 8)]) * window
    spectrum = jnp.fft.rfft(frames)
    power = jnp.abs(spectrum) ** 2
    bank = jnp.maximum(0, 1 - jnp.abs(jnp.arange(9)[None] - jnp.array([[2], [5]])) / 3)
    cepstrum = jnp.log(power @ bank.T + 1e-6)
    low = jnp.where(jnp.fft.fftfreq(32) < 0.1, jnp.fft.fft(signal), 0)
    phase = jnp.unwrap(jnp.angle(spectrum[0]))
    kernel = jnp.array([0.25, 0.5, 0.25])
    return (
        cepstrum,
        jnp.fft.ifft(low).real,
        phase,
        jnp.convolve(signal, kernel, mode="same"),
        jnp.fft.irfft(spectrum, 16),
    )


@program(
    lambda: (jnp.asarray(np.random.default_rng(0).integers(0, 2, (6, 7)), jnp.uint8),),
    static_argnums=1,
)
def game_of_life(board, steps=4):
    def step(board, _):
        around = sum(
            jnp.roll(board, (i, j), (0, 1))
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            if (i, j) != (0, 0)
        )
        board = ((around == 3) | ((board == 1) & (around == 2))).astype(jnp.uint8)
        return board, board.sum()

    return lax.scan(step, board, length=steps)


@program(lambda: (), static_argnames=("width", "height", "iterations"))
def mandelbrot(width=8, height=6, iterations=10):
    re, im = jnp.meshgrid(jnp.linspace(-2, 1, width), jnp.linspace(-1, 1, height))
    c = re + 1j * im

    def body(i, state):
        z, count = state
        z = jnp.where(jnp.abs(z) <= 2, z * z + c, z)
        return z, count + (jnp.abs(z) <= 2)

    z, count = lax.fori_loop(0, iterations, body, (jnp.zeros_like(c), jnp.zeros(c.shape, int)))
    return count, z


def sphere(p, centre, radius):
    return jnp.linalg.norm(p - jnp.array(centre)) - radius


def scene(p):
    return jnp.minimum(sphere(p, [0.0, 0, 2], 0.8), p[1] + 1.0)


@program(lambda: (jnp.zeros(3), jnp.array([0.5, 1.0, -0.5])), static_argnames="size")
def ray_marching(origin, light, size=4):
    xs = jnp.linspace(-0.5, 0.5, size)

    def march(direction):
        def body(i, t):
            return t + scene(origin + t * direction)

        t = lax.fori_loop(0, 12, body, 0.0)
        hit = origin + t * direction
        n = jax.grad(scene)(hit)
        shade = jnp.clip(n @ (light / jnp.linalg.norm(light)), 0.1, 1)
        return jnp.where(t < 10, shade, 0.0)

    directions = jnp.stack(
        jnp.broadcast_arrays(xs[None, :], xs[:, None], jnp.ones((size, size))), -1
    )
    directions /= jnp.linalg.norm(directions, axis=-1, keepdims=True)
    return jax.vmap(jax.vmap(march))(directions)


@program(lambda: (normal(0, 4, 2), jnp.zeros((4, 2)), jnp.ones(4)))
def n_body(positions, velocities, masses):
    def energy(x, v):
        d = x[:, None] - x[None]
        r = jnp.sqrt((d**2).sum(-1) + 1e-2)
        pairs = jnp.triu(masses[:, None] * masses / r, k=1)
        return 0.5 * (masses[:, None] * v**2).sum() - pairs.sum()

    force = lambda x: -jax.grad(energy)(x, velocities * 0)

    def step(i, state):
        x, v, log = state
        v = v + 0.005 * force(x) / masses[:, None]
        x = x + 0.01 * v
        v = v + 0.005 * force(x) / masses[:, None]
        return x, v, log.at[i].set(energy(x, v))

    return lax.fori_loop(0, 5, step, (positions, velocities, jnp.zeros(5)))


@program(
    lambda: (normal(0, 6), normal(1, 7), jnp.array([0, 0, 1, 0, 0, 1])),
    static_argnames=("gamma", "lam"),
)
def advantages_and_policy_loss(rewards, values, dones, gamma=0.99, lam=0.95):
    def step(carry, inputs):
        reward, value, following, done = inputs
        delta = reward + gamma * following * (1 - done) - value
        carry = delta + gamma * lam * (1 - done) * carry
        return carry, carry

    inputs = (rewards, values[:-1], values[1:], dones)
    _, advantages = lax.scan(step, 0.0, inputs, reverse=True)
    returns = lax.stop_gradient(advantages + values[:-1])
    normal_ = (advantages - advantages.mean()) / (advantages.std() + 1e-8)

    def clipped(ratio):
        return -jnp.minimum(ratio * normal_, jnp.clip(ratio, 0.8, 1.2) * normal_).mean()

    return returns, jax.value_and_grad(clipped)(jnp.exp(rewards * 0.1))


@program(lambda: (normal(0, 4, 8), normal(1, 8, 6)))
def quantised_products(x, w):
    def quantise(a, axis, dtype=jnp.int8):
        info = jnp.iinfo(dtype)
        scale = jnp.max(jnp.abs(a), axis=axis, keepdims=True) / info.max
        return jnp.clip(jnp.round(a / scale), info.min, info.max).astype(dtype), scale

    qx, sx = quantise(x, -1)
    qw, sw = quantise(w, 0)
    product = lax.dot_general(qx, qw, (((1,), (0,)), ((), ())), preferred_element_type=jnp.int32)
    q4, s4 = quantise(w, 0, jnp.int4)
    eight = [
        (x.astype(t).astype(jnp.bfloat16) @ w.astype(t).astype(jnp.bfloat16))
        for t in (jnp.float8_e4m3fn, jnp.float8_e5m2)
    ]
    return (
        product * sx * sw,
        x @ (q4.astype(jnp.float32) * s4),
        eight,
        q4,
        w.astype(jnp.float8_e4m3b11fnuz),
    )


class Ring(NamedTuple):
    data: jax.Array
    head: jax.Array

    def push(self, row):
        data = lax.dynamic_update_index_in_dim(self.data, row, self.head % len(self.data), 0)
        return Ring(data, self.head + 1)

    @property
    def ordered(self):
        return jnp.roll(self.data, -self.head, axis=0)


@program(
    lambda: (
        Ring(jnp.zeros((4, 2), jnp.int16), jnp.uint8(0)),
        jnp.arange(12, dtype=jnp.int16).reshape(6, 2),
    ),
    donate_argnames="ring",
)
def ring_buffer(ring, rows):
    ring, seen = lax.scan(lambda ring, row: (ring.push(row), ring.ordered.sum()), ring, rows)
    return ring, seen, ring.ordered


@program(
    lambda: (jnp.array([3.0, 1.0, 2.0], jnp.bfloat16), normal(0, 3, 4, dtype=jnp.float16), 2, 0.5)
)
def mixed_precision(x, w, n, rate):
    y = jnp.dot(x.astype(jnp.float16), w, preferred_element_type=jnp.float32)
    scale = jnp.float32(2.0) ** 10
    grads = jax.grad(
        lambda w: (scale * jnp.tanh(x @ w.astype(jnp.bfloat16)).astype(jnp.float32)).sum()
    )(w.astype(jnp.float32))
    unscaled = grads / scale
    finite = jnp.all(jnp.isfinite(unscaled))
    return (
        y,
        jnp.where(finite, unscaled, 0),
        x * n,
        x * rate,
        n * rate,
        n + 1,
        jnp.where(x > n, x, rate),
        x**2,
        2**n,
        [True, 1, None],
    )


@jax.custom_jvp
def log1pexp(x):
    return jnp.log1p(jnp.exp(x))


@log1pexp.defjvp
def _(primals, tangents):
    (x,), (t,) = primals, tangents
    return log1pexp(x), t * (1 - 1 / (1 + jnp.exp(x)))


@program(lambda: (normal(0, 3) * 50,))
def stable_derivatives(x):
    f = lambda v: log1pexp(v).sum()
    return (
        jax.grad(f)(x),
        jax.hessian(f)(x),
        jax.vmap(jax.grad(log1pexp))(x),
        jax.linearize(f, x)[1](x),
    )


@program(lambda: (normal(0, 4, 4), normal(1, 4)))
def contexts_in_the_program(w, x):
    with jax.named_scope("layer"):
        with jax.default_matmul_precision("highest"):
            y = w @ x
        with jax.ensure_compile_time_eval():
            n = int(jnp.sum(jnp.arange(4)))
            table = jnp.sin(jnp.arange(4.0))
    with jax.numpy_rank_promotion("raise"):
        z = y + x
    with jax.numpy_dtype_promotion("strict"):
        z = z * y
    with jax.enable_x64(False):
        pass
    with jax.profiler.TraceAnnotation("step"):
        return z * n + table, jnp.zeros(n)


@jax.named_scope("decorated")
def scoped(x):
    return jnp.tanh(x) * 2


@jax.named_call
def named(x):
    return scoped(x) + 1


@program(lambda: (normal(0, 4),))
def named_functions(x):
    return jax.grad(lambda v: named(v).sum())(x), jax.vmap(scoped)(x)


big = normal(5, 200, 3)
lookup = np.arange(6.0)


@functools.partial(jax.jit, static_argnames="n")
def inner_jax(x, n):
    return x * n + big[:3].sum(0)


@program(lambda: (normal(0, 3), jnp.int32(2)))
def nested_jits_and_closures(x, i):
    y = inner_jax(x, 2) + inner_jax(x, n=3) + big[i]
    local = jax.jit(lambda v, t=2.0: v * t)
    for k in range(2):
        y = local(y) + local(y, k)
    return y, jnp.asarray(lookup)[i], big.mean(0)


def mlp(params, x, activation=jnp.tanh, final=lambda x: x):
    *hidden, last = params
    for w, b in hidden:
        x = activation(x @ w + b)
    return final(x @ last[0] + last[1])


def mlp_args():
    return (
        [(normal(i, m, n), jnp.zeros(n)) for i, (m, n) in enumerate([(3, 4), (4, 1)])],
        normal(9, 5, 3),
        normal(8, 5, 1),
    )


def adam_init(params):
    zeros = jax.tree.map(jnp.zeros_like, params)
    return {"m": zeros, "v": zeros, "t": 0}


def adam_update(grads, state, params, rate=1e-2, b1=0.9, b2=0.999, eps=1e-8):
    t = state["t"] + 1
    m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, state["m"], grads)
    v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g**2, state["v"], grads)
    norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in jax.tree.leaves(grads)))
    clip = jnp.minimum(1.0, 1.0 / norm)
    step = lambda p, m, v: p - rate * clip * (m / (1 - b1**t)) / (jnp.sqrt(v / (1 - b2**t)) + eps)
    return jax.tree.map(step, params, m, v), {"m": m, "v": v, "t": t}


@program(mlp_args, static_argnames=("steps",))
def adam_training_loop(params, x, y, steps=3):
    def loss(params):
        return jnp.mean((mlp(params, x, final=jax.nn.sigmoid) - y) ** 2) + 1e-3 * sum(
            jnp.sum(w**2) for w, _ in params
        )

    def step(carry, _):
        params, state = carry
        value, grads = jax.value_and_grad(loss)(params)
        params, state = adam_update(grads, state, params)
        return (params, state), value

    return lax.scan(step, (params, adam_init(params)), None, length=steps)


@program(lambda: (normal(0, 4, 3), jnp.arange(4)))
def sharding_on_one_device(x, labels):
    mesh = jax.make_mesh((1,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    x = lax.with_sharding_constraint(x, NamedSharding(mesh, P("data")))
    mapped = jax.shard_map(
        lambda a: a - lax.pmean(a.mean(0), "data"),
        mesh=mesh,
        in_specs=P("data"),
        out_specs=P("data"),
    )
    return mapped(x), labels * 2


@program(lambda: (normal(0, 3, 4, 4),), static_argnames=("axis", "order"))
def python_control_flow(x, axis=-1, order=("sum", "max")):
    results = {}
    for name in order:
        match name:
            case "sum":
                results[name] = x.sum(axis)
            case "max":
                results[name] = x.max(axis)
            case _:
                raise ValueError(name)
    n = x.shape[0]
    while n > 1:
        n //= 2
        results[f"n{n}"] = jnp.full(n, x.ndim, x.dtype)
    try:
        results["bad"] = x @ jnp.ones((7, 7))
    except TypeError:
        results["bad"] = x[0]
    if (k := x.shape[axis]) > 3 and isinstance(x, jax.Array):
        results |= {"k": k, "eye": jnp.eye(k), **{f"i{i}": x[i, i, i] for i in range(2)}}
    return results
