"""Steps of the libraries of JAX's world: one kernel, bit for bit what they are under `jax.jit`.

The libraries are an extra of the distribution ("libraries"); what is not installed is skipped.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import xcs

KEY = jax.random.key(0)
X, Y = jax.random.normal(KEY, (16, 8)), jax.random.normal(KEY, (16, 1))

Case = tuple[Callable[..., Any], Callable[[], tuple[Any, ...]], Callable[[Any], Any]]
"""A function, what makes its arguments, and how others jit it."""

CASES: dict[str, Callable[[], Case]] = {}


def case(*libraries: str) -> Callable[[Callable[..., Case]], Callable[..., Case]]:
    """Add a case, which takes the libraries that it needs."""

    def add(make: Callable[..., Case]) -> Callable[..., Case]:
        CASES[make.__name__] = lambda: make(*map(pytest.importorskip, libraries))
        return make

    return add


def _bits_of(tree: Any) -> list[Any]:
    return list(map(_bits, jax.tree.leaves(tree)))


def _bits(value: Any) -> Any:
    dtype: Any = getattr(value, "dtype", None)
    if jnp.issubdtype(dtype, jax.dtypes.prng_key):
        value = jax.random.key_data(value)
    is_array = isinstance(value, jax.Array | np.ndarray)
    return (value.shape, value.dtype, np.asarray(value).tobytes()) if is_array else type(value)


@case("equinox", "optax")
def equinox_step(eqx: Any, optax: Any) -> Case:
    model = eqx.nn.MLP(8, 1, 16, 2, key=KEY)
    optimiser = optax.adam(1e-3)
    state = optimiser.init(eqx.filter(model, eqx.is_array))

    @eqx.filter_value_and_grad
    def loss(model, x, y):
        return jnp.mean((jax.vmap(model)(x) - y) ** 2)

    def step(model, state, x, y):
        value, gradients = loss(model, x, y)
        updates, state = optimiser.update(gradients, state, model)
        return value, eqx.apply_updates(model, updates), state

    return step, lambda: (model, state, X, Y), eqx.filter_jit


@case("equinox")
def equinox_with_dropout(eqx: Any) -> Case:
    layers = [eqx.nn.Linear(8, 4, key=KEY), eqx.nn.Lambda(jax.nn.relu), eqx.nn.Dropout(0.5)]
    model = eqx.nn.Sequential(layers)

    def forward(model, x, key):
        keys = jax.random.split(key, len(x))
        return jax.vmap(lambda v, k: model(v, key=k))(x, keys)

    return forward, lambda: (model, X, KEY), eqx.filter_jit


@case("flax.linen", "flax.training.train_state", "optax")
def flax_linen_step(nn: Any, train_state: Any, optax: Any) -> Case:
    class Net(nn.Module):
        @nn.compact
        def __call__(self, x, train: bool):
            x = nn.BatchNorm(use_running_average=not train)(nn.Dense(16)(x))
            return nn.Dense(1)(nn.Dropout(0.5, deterministic=not train)(nn.relu(x)))

    class State(train_state.TrainState):
        batch_stats: Any

    net = Net()
    made = net.init({"params": KEY, "dropout": KEY}, X, train=False)
    state = State.create(
        apply_fn=net.apply,
        params=made["params"],
        tx=optax.adamw(1e-3),
        batch_stats=made["batch_stats"],
    )

    def step(state, batch, key):
        def loss(params):
            out, updates = state.apply_fn(
                {"params": params, "batch_stats": state.batch_stats},
                batch["x"],
                train=True,
                rngs={"dropout": jax.random.fold_in(key, state.step)},
                mutable=["batch_stats"],
            )
            return jnp.mean((out - batch["y"]) ** 2), updates

        (value, updates), gradients = jax.value_and_grad(loss, has_aux=True)(state.params)
        state = state.apply_gradients(grads=gradients)
        return state.replace(batch_stats=updates["batch_stats"]), value

    return step, lambda: (state, {"x": X, "y": Y}, KEY), jax.jit


def _nnx_net(nnx: Any) -> Any:
    class Net(nnx.Module):
        def __init__(self, rngs):
            self.first = nnx.Linear(8, 16, rngs=rngs)
            self.norm = nnx.BatchNorm(16, rngs=rngs)
            self.last = nnx.Linear(16, 1, rngs=rngs)

        def __call__(self, x):
            return self.last(nnx.relu(self.norm(self.first(x))))

    return Net(nnx.Rngs(0))


@case("flax.nnx", "optax")
def flax_nnx_functional_step(nnx: Any, optax: Any) -> Case:
    net = _nnx_net(nnx)
    graph, state = nnx.split((net, nnx.Optimizer(net, optax.adam(1e-3), wrt=nnx.Param)))

    def step(state, x, y):
        net, optimiser = nnx.merge(graph, state)
        value, gradients = nnx.value_and_grad(lambda net: jnp.mean((net(x) - y) ** 2))(net)
        optimiser.update(net, gradients)
        return nnx.state((net, optimiser)), value

    return step, lambda: (state, X, Y), jax.jit


@case("flax.nnx", "optax")
def flax_nnx_step_in_place(nnx: Any, optax: Any) -> Case:
    def step(net, optimiser, x, y):
        value, gradients = nnx.value_and_grad(lambda net: jnp.mean((net(x) - y) ** 2))(net)
        optimiser.update(net, gradients)
        return value

    def arguments():
        net = _nnx_net(nnx)
        return net, nnx.Optimizer(net, optax.adam(1e-3), wrt=nnx.Param), X, Y

    return step, arguments, nnx.jit


@case("optax")
def optax_schedule(optax: Any) -> Case:
    schedule = optax.warmup_cosine_decay_schedule(0.0, 1e-2, 10, 100)
    chain = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.scale_by_adam(),
        optax.scale_by_schedule(lambda count: -schedule(count)),
    )
    params = {"w": jnp.ones((8, 1)), "b": jnp.zeros(1)}
    state = chain.init(params)

    def step(params, state, x, y):
        loss = lambda p: jnp.mean((x @ p["w"] + p["b"] - y) ** 2)
        updates, state = chain.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, updates), state

    return step, lambda: (params, state, X, Y), jax.jit


def _regression(numpyro: Any, dist: Any) -> Callable[..., None]:
    def model(x, y=None):
        weights = numpyro.sample("w", dist.Normal(jnp.zeros(8), 1.0).to_event(1))
        scale = numpyro.sample("s", dist.HalfNormal(1.0))
        with numpyro.plate("n", x.shape[0]):
            numpyro.sample("y", dist.Normal(x @ weights, scale), obs=y)

    return model


@case("numpyro", "numpyro.distributions", "numpyro.infer")
def numpyro_nuts(numpyro: Any, dist: Any, infer: Any) -> Case:
    kernel = infer.NUTS(_regression(numpyro, dist))
    state = kernel.init(jax.random.PRNGKey(0), 10, None, (X, Y[:, 0]), {})
    return lambda s, x, y: kernel.sample(s, (x, y), {}), lambda: (state, X, Y[:, 0]), jax.jit


@case("numpyro", "numpyro.distributions", "numpyro.infer", "numpyro.infer.autoguide")
def numpyro_variational(numpyro: Any, dist: Any, infer: Any, autoguide: Any) -> Case:
    model = _regression(numpyro, dist)
    optimiser = numpyro.optim.Adam(1e-2)
    svi = infer.SVI(model, autoguide.AutoNormal(model), optimiser, infer.Trace_ELBO())
    state = svi.init(jax.random.PRNGKey(0), X, Y[:, 0])
    return svi.update, lambda: (state, X, Y[:, 0]), jax.jit


@case("blackjax")
def blackjax_sampler(blackjax: Any) -> Case:
    density = lambda p: -0.5 * jnp.sum(p["a"] ** 2) - jnp.sum((p["b"] - 1) ** 2)
    nuts = blackjax.nuts(density, step_size=0.1, inverse_mass_matrix=jnp.ones(6))
    state = nuts.init({"a": jnp.zeros(3), "b": jnp.ones(3)})

    def chain(key, state):
        def one(state, key):
            state, _ = nuts.step(key, state)
            return state, state.position

        return jax.lax.scan(one, state, jax.random.split(key, 5))

    return chain, lambda: (KEY, state), jax.jit


@case("diffrax")
def diffrax_solve(diffrax: Any) -> Case:
    def solve(start, rate):
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, args: -args * y),
            diffrax.Tsit5(),
            0.0,
            1.0,
            0.1,
            start,
            args=rate,
            stepsize_controller=diffrax.PIDController(rtol=1e-5, atol=1e-5),
            saveat=diffrax.SaveAt(ts=jnp.linspace(0, 1, 5)),
        )
        return found.ys

    return solve, lambda: (jnp.ones(3), jnp.float32(2)), jax.jit


@case("distrax")
def distrax_sample(distrax: Any) -> Case:
    def sample(key, mean, scale):
        normal = distrax.MultivariateNormalDiag(mean, scale)
        return normal.sample_and_log_prob(seed=key), normal.entropy()

    return sample, lambda: (KEY, jnp.ones(3), jnp.full(3, 2.0)), jax.jit


@case("haiku")
def haiku_gradient(haiku: Any) -> Case:
    net = haiku.transform(lambda x: haiku.nets.MLP([16, 1])(x))
    params = net.init(jax.random.PRNGKey(0), X)
    loss = lambda p, key, x, y: jnp.mean((net.apply(p, key, x) - y) ** 2)
    return jax.value_and_grad(loss), lambda: (params, jax.random.PRNGKey(1), X, Y), jax.jit


@case("jaxopt")
def jaxopt_solver(jaxopt: Any) -> Case:
    def fit(start, x, y):
        loss = lambda w: jnp.mean((x @ w - y) ** 2) + 1e-3 * jnp.sum(w**2)
        return jaxopt.BFGS(fun=loss, maxiter=5).run(start).params

    return fit, lambda: (jnp.zeros(8), X, Y[:, 0]), jax.jit


@pytest.mark.parametrize("name", CASES)
def test_a_step_is_one_kernel_that_gives_what_it_gives_under_jax_jit(name):
    function, arguments, others = CASES[name]()
    ours, theirs = xcs.jit(function), others(function)
    given, other = arguments(), arguments()
    for _ in range(2):
        found, expected = ours(*given), theirs(*other)
        assert jax.tree.structure(found) == jax.tree.structure(expected)
        assert _bits_of(found) == _bits_of(expected)
    assert _bits_of(given) == _bits_of(other)  # what is changed in place as well
    assert xcs.get_jit_stats(ours)["execution_strategy"] == "fused"


def test_a_program_calls_a_module_and_an_optimiser_between_operators():
    eqx: Any = pytest.importorskip("equinox")
    step, arguments, _ = CASES["equinox_step"]()
    asked: list[str] = []

    @xcs.op
    def ask(question: str) -> str:
        asked.append(question)
        return question + "!"

    @xcs.jit
    def program(model, state, x, y, question):
        first = ask(question)
        value, model, state = step(model, state, x, y)
        return ask(first), jax.vmap(model)(x), value

    model, state, x, y = arguments()
    answer, predicted, value = program(model, state, x, y, "why")
    expected_value, model, _ = eqx.filter_jit(step)(*arguments())
    assert (answer, asked) == ("why!!", ["why", "why!"])
    np.testing.assert_allclose(predicted, jax.vmap(model)(X), rtol=1e-5)
    np.testing.assert_allclose(value, expected_value, rtol=1e-6)
