"""Calls of `jax.scipy`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.integrate
import jax.scipy.optimize
import jax.scipy.sparse.linalg
from jax.scipy.interpolate import RegularGridInterpolator
from jax.scipy.spatial.transform import Rotation, Slerp

from tests.parity.calls.support import Calls


def _rosenbrock(x: Any) -> Any:
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


_STATS = jax.scipy.stats


def _interpolated(vectors: Any) -> Any:
    rotations = Slerp.init(jnp.arange(5.0), Rotation.from_rotvec(vectors))
    return rotations(jnp.array([0.5, 2.5]))


CALLS: Calls = {
    "jax.scipy.special": [
        lambda p: jax.scipy.special.bernoulli(6),
        lambda v: jax.scipy.special.bessel_jn(v, v=3, n_iter=20),
        lambda u, v: jax.scipy.special.sph_harm_y(
            jnp.array([1]), jnp.array([2]), u[:1], v[:1], n_max=3
        ),
        lambda x, n: jax.scipy.special.polygamma(n, x + 1),
        lambda x, y: jax.scipy.special.zeta(x + 2, y + 1),
        lambda x: jax.scipy.special.multigammaln(x + 3, 2),
        lambda x: (jax.scipy.special.expi(x), jax.scipy.special.expn(2, x)),
        lambda x, y, z: jax.scipy.special.hyp1f1(x, y + 1, z),
        lambda x, y, z: jax.scipy.special.hyp2f1(x, y, z + 1, x * 0.5),
        lambda x: jax.scipy.special.fresnel(x),
    ],
    "jax.scipy.signal": [
        lambda signal, v: jax.scipy.signal.convolve(signal, v, mode="same"),
        lambda x, square: jax.scipy.signal.convolve2d(square, x, mode="full"),
        lambda signal, v: jax.scipy.signal.correlate(signal, v, mode="valid"),
        lambda x, square: jax.scipy.signal.correlate2d(square, x, mode="same"),
        lambda signal, v: jax.scipy.signal.csd(signal, signal[::-1], nperseg=16),
        lambda signal: jax.scipy.signal.detrend(signal),
        lambda signal, v: jax.scipy.signal.fftconvolve(signal, v),
        lambda signal: jax.scipy.signal.stft(signal, nperseg=8),
        lambda signal: jax.scipy.signal.istft(jax.scipy.signal.stft(signal, nperseg=8)[2]),
        lambda signal: jax.scipy.signal.welch(signal, nperseg=16),
    ],
    "jax.scipy.ndimage": [
        lambda square, x: jax.scipy.ndimage.map_coordinates(square, x * 2, order=1),
        lambda square, x: jax.scipy.ndimage.map_coordinates(square, x * 4, order=0, mode="wrap"),
    ],
    "jax.scipy.fft": [
        lambda x: jax.scipy.fft.dct(x, norm="ortho"),
        lambda x: jax.scipy.fft.idct(x, axis=0),
        lambda x: jax.scipy.fft.idctn(jax.scipy.fft.dctn(x)),
    ],
    "jax.scipy.cluster": [lambda tall, spd: jax.scipy.cluster.vq.vq(tall, spd)],
    "jax.scipy.interpolate": [
        lambda grid, square, tall: RegularGridInterpolator(
            (grid[:3], grid[:3]), square, bounds_error=False, fill_value=0.0
        )(tall[:, :2])
    ],
    "jax.scipy.integrate": [lambda x: jax.scipy.integrate.trapezoid(x, dx=0.5)],
    "jax.scipy.optimize": [
        lambda v: jax.scipy.optimize.minimize(_rosenbrock, v, method="BFGS").x,
    ],
    "jax.scipy.spatial": [
        lambda rhs: Rotation.from_rotvec(rhs).as_matrix(),
        lambda rhs, tall: Rotation.from_rotvec(rhs).apply(tall),
        lambda tall: _interpolated(tall).as_quat(),
    ],
    "jax.scipy.sparse.linalg": [
        lambda spd, rhs: jax.scipy.sparse.linalg.cg(lambda v: spd @ v, rhs, maxiter=5)[0],
        lambda spd, rhs: jax.scipy.sparse.linalg.bicgstab(spd, rhs, maxiter=5)[0],
        lambda spd, rhs: jax.scipy.sparse.linalg.gmres(spd, rhs, maxiter=2)[0],
    ],
    "jax.scipy.stats": [
        lambda n: _STATS.bernoulli.logpmf(n, 0.3),
        lambda x, q: (_STATS.beta.logpdf(x, q, 2.0), _STATS.beta.cdf(x, q, 2.0)),
        lambda n: (_STATS.betabinom.logpmf(n, 5, 2.0, 3.0), _STATS.binom.pmf(n, 5, 0.3)),
        lambda x: (_STATS.cauchy.logpdf(x), _STATS.cauchy.ppf(x), _STATS.cauchy.sf(x)),
        lambda x, q: (_STATS.chi2.logpdf(x, q), _STATS.chi2.cdf(x, q), _STATS.chi2.logsf(x, q)),
        lambda simplex: _STATS.dirichlet.logpdf(simplex, jnp.array([1.0, 2.0, 3.0])),
        lambda x: (_STATS.expon.logpdf(x), _STATS.expon.ppf(x)),
        lambda x, q: (_STATS.gamma.logpdf(x, q), _STATS.gamma.cdf(x, q), _STATS.gamma.sf(x, q)),
        lambda signal: _STATS.gaussian_kde(signal)(jnp.array([0.0, 0.5])),
        lambda x, q: (_STATS.gennorm.logpdf(x, q), _STATS.gennorm.cdf(x, q)),
        lambda n: _STATS.geom.logpmf(n, 0.3),
        lambda x: (_STATS.gumbel_l.logpdf(x), _STATS.gumbel_r.ppf(x), _STATS.gumbel_r.sf(x)),
        lambda x: (_STATS.laplace.logpdf(x), _STATS.laplace.cdf(x)),
        lambda x: (_STATS.logistic.logpdf(x), _STATS.logistic.ppf(x), _STATS.logistic.isf(x)),
        lambda n: _STATS.mode(n, axis=1),
        lambda i: _STATS.multinomial.logpmf(i, 3, jnp.array([0.2, 0.3, 0.5])),
        lambda rhs, spd: _STATS.multivariate_normal.logpdf(rhs, jnp.zeros(3), spd),
        lambda n: _STATS.nbinom.logpmf(n, 4.0, 0.3),
        lambda x: (_STATS.norm.logcdf(x), _STATS.norm.ppf(x), _STATS.norm.logsf(x)),
        lambda x: (_STATS.pareto.logpdf(x + 1, 2.0), _STATS.pareto.cdf(x + 1, 2.0)),
        lambda n: (_STATS.poisson.logpmf(n, 2.0), _STATS.poisson.cdf(n, 2.0)),
        lambda p: _STATS.poisson.entropy(4 * p),
        lambda n: _STATS.rankdata(n, axis=1),
        lambda x: _STATS.rankdata(x, "dense"),
        lambda x: _STATS.sem(x),
        lambda x, q: _STATS.t.logpdf(x, q),
        lambda x: (_STATS.truncnorm.logpdf(x, -1.0, 2.0), _STATS.truncnorm.cdf(x, -1.0, 2.0)),
        lambda x: (_STATS.uniform.logpdf(x), _STATS.uniform.ppf(x)),
        lambda x, q: (_STATS.vonmises.logpdf(x, q), _STATS.wrapcauchy.logpdf(x, 0.4)),
    ],
}
